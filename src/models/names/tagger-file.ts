import { WeirError } from '#contract/errors.js';
import { readAsset } from '#models/assets.js';
import { Gazetteer } from './gazetteer.js';
import { NameTagger, WEIGHTS, type Weights } from './tagger.js';

/** Weights as bytes: one float32 scale, then a signed byte a weight. */
export function packed(weights: Weights): Uint8Array {
  let most = 0;
  for (const weight of weights) most = Math.max(most, Math.abs(weight));
  const scale = most === 0 ? 1 : most / 127;
  const bytes = new Uint8Array(4 + weights.length);
  new DataView(bytes.buffer).setFloat32(0, scale, true);
  const values = new Int8Array(bytes.buffer, 4);
  weights.forEach((weight, at) => {
    values[at] = Math.round(weight / scale);
  });
  return bytes;
}

/** @throws WeirError `model.unavailable`. */
export function unpacked(bytes: Uint8Array): Weights {
  if (bytes.length !== 4 + WEIGHTS)
    throw new WeirError('model.unavailable', 'The tagger of names is not of the size it should be');
  const scale = new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
  return Float32Array.from(new Int8Array(bytes.buffer, bytes.byteOffset + 4, WEIGHTS), value => value * scale);
}

/** The tagger that comes with Weir. @throws WeirError `model.unavailable`. */
export function openNameTagger(): NameTagger {
  return new NameTagger(unpacked(readAsset('pii/names.bin')), new Gazetteer(readAsset('pii/gazetteer.txt').toString()));
}
