// `node scripts/bundle.mjs DIR`: joins the compiled command line in DIR into a few files, DIR/bundle, which `bin/weir.js` runs.
//
// Node reads, resolves and links each module on its own, and the gateway has some six hundred: joined, it starts in about two thirds
// of the time. Commands that are loaded on demand stay in chunks of their own. They are CommonJS, whose code can be kept compiled
// (`bin/kept-code.js`). Threads that every start waits for are joined where they stand; other threads and child processes are started
// from the compiled files beside the bundle: each needs little of it.
import { rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build } from 'rolldown';

/** Packages that are many small modules of plain JavaScript. The others, native and rarely loaded ones among them, stay packages. */
const JOINED = [
  'zod',
  'diff',
  'yaml',
  'jose',
  'commander',
  're2js',
  '@eslint-community/regexpp',
  'fastest-levenshtein',
];

const THREADS = ['models/runtime/model-thread.js', 'store/record-worker.js'];

const compiled = resolve(process.argv[2]);
const out = join(compiled, 'bundle');
// With the code that was kept of the files before.
rmSync(out, { recursive: true, force: true });

await joined('cli/main.js', {
  dir: out,
  format: 'cjs',
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name]-[hash].cjs',
});
for (const thread of THREADS) {
  const file = join(compiled, thread);
  await joined(thread, { dir: dirname(file), format: 'esm', entryFileNames: basename(file) });
}

function joined(entry, output) {
  const here = output.format === 'cjs' ? `require('node:url').pathToFileURL(__filename)` : 'import.meta.url';
  return build({
    input: join(compiled, entry),
    platform: 'node',
    logLevel: 'warn',
    checks: { ineffectiveDynamicImport: false },
    external: id => !/^[#./]/.test(id) && !JOINED.includes(id),
    plugins: [
      {
        name: 'own-imports',
        // The manifest names `dist`; the build is compiled aside, and swapped in when whole.
        resolveId: id => (id.startsWith('#') ? join(compiled, id.slice(1)) : null),
      },
      {
        name: 'own-places',
        // A module finds its thread, its assets and its manifest from where it was compiled to, not from the bundle.
        transform(code, id) {
          if (!code.includes('import.meta.url')) return null;
          const place = relative(output.dir, id).replaceAll('\\', '/');
          return code.replaceAll('import.meta.url', `new URL(${JSON.stringify(place)}, ${here}).href`);
        },
      },
      {
        name: 'own-import',
        // Kept code has forgotten whose it is, and with it how to import: that is handed in.
        renderChunk: code => (output.format === 'cjs' ? code.replace(/\bimport\(/g, 'importModule(') : null),
      },
    ],
    output: {
      ...output,
      sourcemap: false,
      // Their authors' notices stay; what explains the code is in the compiled files beside it.
      comments: { jsdoc: false },
    },
  });
}
