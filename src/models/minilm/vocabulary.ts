import { readAsset } from '#models/assets.js';

let vocabulary: readonly string[] | undefined;

/** The 30,522 pieces of all-MiniLM-L6-v2 (BERT, uncased) in the order of their ids. */
export function readVocabulary(): readonly string[] {
  vocabulary ??= readAsset('minilm/vocab.txt').toString('utf8').trimEnd().split('\n');
  return vocabulary;
}
