import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphWriter } from '#models/onnx/graph-writer.js';

/** A word's score for each label, or its vector. */
export type WordScores = Readonly<Record<string, readonly number[]>>;

/** Writes an embedder laid out so: its tokens' vectors are those of `words`, and the model pools nothing. */
export function writeWordVectors(folder: string, words: WordScores): string {
  return write(folder, words, [], {}, graph => {
    graph.output('last_hidden_state', 'float32', ['texts', 'length', widthOf(words)]);
    graph.node('Gather', ['table', 'input_ids'], 'last_hidden_state');
  });
}

/**
 * Writes a classifier as Transformers.js lays one out: its scores are the sums of its words' scores, padding left out. Small enough to be worked
 * out by hand.
 *
 * @param labels what `config.json` says; the model gives as many scores as `words` has.
 */
export function writeWordModel(folder: string, labels: readonly string[], words: WordScores, problem?: string): string {
  return write(folder, words, labels, { problem_type: problem }, graph => {
    graph.output('logits', 'float32', ['texts', widthOf(words)]);
    graph.constant('one', BigInt64Array.of(1n), [1]);
    graph.constant('last', BigInt64Array.of(2n), [1]);
    graph.node('Gather', ['table', 'input_ids'], 'scores');
    graph.node('Cast', ['attention_mask'], 'mask', { to: 1 });
    graph.node('Unsqueeze', ['mask', 'last'], 'column');
    graph.node('Mul', ['scores', 'column'], 'masked');
    graph.node('ReduceSum', ['masked', 'one'], 'logits', { keepdims: 0 });
  });
}

/** Writes a classifier of tokens laid out so: the scores of a token are those of its word. What `words` does not have is the first label. */
export function writeTokenModel(folder: string, labels: readonly string[], words: WordScores): string {
  const about = { architectures: ['WordsForTokenClassification'] };
  return write(folder, words, labels, about, graph => {
    graph.output('logits', 'float32', ['texts', 'length', widthOf(words)]);
    graph.node('Gather', ['table', 'input_ids'], 'logits');
  });
}

function widthOf(words: WordScores): number {
  return Object.values(words)[0]!.length;
}

function write(
  folder: string,
  words: WordScores,
  labels: readonly string[],
  about: object,
  compute: (graph: GraphWriter) => void,
): string {
  const vocabulary = ['[PAD]', '[UNK]', ...Object.keys(words)];
  const graph = new GraphWriter('words');
  graph.input('input_ids', 'int64', ['texts', 'length']);
  graph.input('attention_mask', 'int64', ['texts', 'length']);
  const table = vocabulary.flatMap(word => words[word] ?? new Array<number>(widthOf(words)).fill(0));
  graph.constant('table', Float32Array.from(table), [vocabulary.length, widthOf(words)]);
  compute(graph);
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  writeFileSync(join(folder, 'onnx/model.onnx'), graph.finish().graph);
  const id2label = Object.fromEntries(labels.map((label, at) => [at, label]));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ id2label, ...about }));
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ pad_token: '[PAD]' }));
  const vocab = Object.fromEntries(vocabulary.map((word, at) => [word, at]));
  const model = {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
  };
  writeFileSync(
    join(folder, 'tokenizer.json'),
    JSON.stringify({
      version: '1.0',
      added_tokens: [],
      normalizer: { type: 'Lowercase' },
      pre_tokenizer: { type: 'Whitespace' },
      post_processor: null,
      decoder: null,
      model: { ...model, vocab },
    }),
  );
  return folder;
}
