// Runs the bundle with the code that V8 made of it before: much of a start is compiling, and Node before 22.1 keeps nothing of that.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';

/** A start is over by then, and V8 has not yet let go of code that only it needed. */
const KEEP_AFTER_MS = 5000;
const HASH_BYTES = 32;

const importModule = id => import(id);

/**
 * The exports of a file of the bundle, with what was compiled of it and of what it loads, where that was kept, in a folder beside it.
 * A new build takes the folder away with the files. Code of another V8, of other flags of V8 or that is broken is compiled anew.
 *
 * @param {URL} bundle the folder
 * @param {string} entry the name of the file in it
 * @param {boolean} keeps whether what is compiled now is kept, after some seconds or when the process ends well. A function that was
 * not called until then will be compiled at every start: so for what is started most, not for what uses a little of the same files.
 */
export function runKept(bundle, entry, keeps) {
  const folder = fileURLToPath(bundle);
  const kept = `${folder}compiled-${cachedDataVersionTag().toString(16)}/`;
  const packages = createRequire(`${folder}${entry}`);
  const modules = new Map();
  const unkept = [];

  const load = name => {
    const known = modules.get(name);
    if (known !== undefined) return known;
    const exports = {};
    modules.set(name, exports);
    const filename = `${folder}${name}`;
    const source = readFileSync(filename);
    const cachedData = readKept(`${kept}${name}`, source);
    const code = `(function (exports, require, importModule, __filename, __dirname) { ${source}\n})`;
    const script = new Script(code, { filename, cachedData });
    if (keeps && script.cachedDataRejected !== false) unkept.push({ name, source, script });
    const require = id => (id.startsWith('./') ? load(id.slice(2)) : packages(id));
    script.runInThisContext()(exports, require, importModule, filename, folder);
    return exports;
  };

  const keepNext = () => {
    const next = unkept.pop();
    if (next === undefined) return;
    try {
      mkdirSync(kept, { recursive: true });
      writeKept(`${kept}${next.name}`, next.source, next.script.createCachedData());
    } catch {
      unkept.length = 0;
    }
  };
  const keepInTurns = () => {
    keepNext();
    if (unkept.length > 0) setImmediate(keepInTurns);
  };
  if (keeps) {
    setTimeout(keepInTurns, KEEP_AFTER_MS).unref();
    process.once('exit', code => {
      while (code === 0 && unkept.length > 0) keepNext();
    });
  }
  return load(entry);
}

/** V8 trusts what it is given, down to the last bit, and tells sources apart by their lengths alone: so a hash of both comes first. */
function hashOf(source, compiled) {
  return createHash('sha256').update(source).update(compiled).digest();
}

function readKept(file, source) {
  try {
    const bytes = readFileSync(file);
    const compiled = bytes.subarray(HASH_BYTES);
    return hashOf(source, compiled).equals(bytes.subarray(0, HASH_BYTES)) ? compiled : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all: several processes may begin at once. */
function writeKept(file, source, compiled) {
  const staged = `${file}.${process.pid}`;
  writeFileSync(staged, Buffer.concat([hashOf(source, compiled), compiled]));
  renameSync(staged, file);
}
