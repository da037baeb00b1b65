import { readAsset } from '#models/assets.js';

/** Texts whose vectors are kept with the code: short, long, and full of marks. */
export const REFERENCE_TEXTS: readonly string[] = [
  'How do I reset my password?',
  'A gas expands at constant temperature to twice its volume. By how much does its pressure fall, and why does its internal energy stay the same?',
  'SELECT name, count(*) FROM orders WHERE paid = true GROUP BY name; -- why is this slow?',
];

/** Cosine with the kept vectors below which a machine's integer arithmetic counts as wrong. Sound machines have 0.99 and more. */
const LEAST_COSINE = 0.98;

/** Whether vectors of {@link REFERENCE_TEXTS}, one after the other, are those that the model has in 32-bit floats. */
export function agreesWithReference(vectors: Float32Array): boolean {
  const kept = readReference();
  const width = vectors.length / REFERENCE_TEXTS.length;
  return kept.every((vector, text) => {
    let cosine = 0;
    let length = 0;
    for (let i = 0; i < width; i++) {
      cosine += vector[i]! * vectors[text * width + i]!;
      length += vector[i]! * vector[i]!;
    }
    return cosine / Math.sqrt(length) >= LEAST_COSINE;
  });
}

function readReference(): readonly Int8Array[] {
  const rows = JSON.parse(readAsset('minilm/reference.json').toString('utf8')) as readonly string[];
  return rows.map(row => new Int8Array(Buffer.from(row, 'base64')));
}
