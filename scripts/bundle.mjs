// `node scripts/bundle.mjs DIR`: joins the compiled command line in DIR into a few files, DIR/bundle, which `bin/weir.js` runs.
//
// Node reads, resolves and links each module on its own, and the gateway has some six hundred: joined, it starts in about two thirds
// of the time. Commands that are loaded on demand stay in chunks of their own. Threads and child processes are started from the
// compiled files beside the bundle: each needs little of it.
import { join, relative, resolve } from 'node:path';
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

const compiled = resolve(process.argv[2]);
const out = join(compiled, 'bundle');

await build({
  input: { main: join(compiled, 'cli/main.js') },
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
        const place = relative(out, id).replaceAll('\\', '/');
        return code.replaceAll('import.meta.url', `new URL(${JSON.stringify(place)}, import.meta.url).href`);
      },
    },
  ],
  output: {
    dir: out,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: false,
    // Their authors' notices stay; what explains the code is in the compiled files beside it.
    comments: { jsdoc: false },
  },
});
