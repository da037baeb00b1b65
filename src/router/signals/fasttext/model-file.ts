import { WeirError } from '#contract/errors.js';
import { WordTable } from './word-table.js';

/** Vectors of a matrix's rows, each said as one code a stretch of its numbers (product quantization; Joulin et al., FastText.zip, 2016). */
export interface QuantizedRows {
  readonly rows: number;
  readonly width: number;
  /** Numbers a code stands for; the last code of a row may stand for fewer. */
  readonly stretch: number;
  readonly codesPerRow: number;
  /** By row, then by stretch. */
  readonly codes: Uint8Array;
  /** What each of 256 codes stands for, by stretch: code `c` of stretch `s` begins at `(256 s + c) · stretch`. */
  readonly centroids: Float32Array;
  /** A row's length, which its codes leave out, where the file keeps lengths apart: one of {@link lengths}. */
  readonly lengthCodes: Uint8Array | undefined;
  readonly lengths: Float32Array | undefined;
}

/** A text classifier that fastText has trained and quantized, with hierarchical softmax. */
export interface FastTextModel {
  readonly words: WordTable;
  /** The row of what stands for a line's end among the words. */
  readonly lineEnd: number;
  readonly labels: readonly string[];
  /** How often each label was seen, which tells the tree of labels. */
  readonly labelCounts: readonly number[];
  /** n-grams of characters: shortest, longest, and the number of places their hashes are spread over. */
  readonly shortest: number;
  readonly longest: number;
  readonly places: number;
  /** The places that were kept, in the order of their rows, which follow those of the words. */
  readonly kept: Int32Array;
  readonly input: QuantizedRows;
  /** Rows of the tree's inner nodes, as wide as those of the input. */
  readonly output: Float32Array;
}

const LINE_END = Buffer.from('</s>');
const MAGIC = 0x2f4f16ba;
const VERSION = 12;
const HIERARCHICAL_SOFTMAX = 1;
const SUPERVISED = 3;
const CODES = 256;

/**
 * Reads a model in the format of `fasttext quantize` (version 12, little-endian): supervised, with hierarchical softmax, without n-grams of
 * words, its n-grams of characters pruned and its output left whole, which is how lid.176.ftz was made.
 * @throws WeirError `model.unavailable` when it is anything else.
 */
export function readFastText(bytes: Uint8Array): FastTextModel {
  const file = new Reader(bytes);
  if (file.int() !== MAGIC || file.int() !== VERSION) throw unreadable('it is no model of fastText, version 12');
  const [width = 0, , , , , wordNgrams, loss, kind, places = 0, shortest = 0, longest = 0] = Array.from(
    { length: 12 },
    () => file.int(),
  );
  file.skip(8);
  if (kind !== SUPERVISED || loss !== HIERARCHICAL_SOFTMAX || wordNgrams !== 1)
    throw unreadable('it is no classifier with hierarchical softmax over single words');
  file.int();
  const wordCount = file.count();
  const labelCount = file.count();
  file.skip(8);
  const keptCount = file.longCount();
  const words = new WordTable(bytes, wordCount);
  while (words.size < wordCount) {
    file.at = words.add(file.at);
    // The zero byte, how often the word was seen, and that it is one.
    file.skip(1 + 8 + 1);
  }
  const labels: string[] = [];
  const labelCounts: number[] = [];
  while (labels.length < labelCount) {
    labels.push(file.text());
    labelCounts.push(file.long());
    file.skip(1);
  }
  const lineEnd = words.rowOf(LINE_END, 0, LINE_END.length);
  if (lineEnd < 0 || labelCount === 0) throw unreadable('words are missing');
  const pairs = file.ints(2 * keptCount);
  const kept = new Int32Array(keptCount);
  for (let at = 0; at < keptCount; at++) {
    const row = pairs[2 * at + 1] ?? -1;
    if (row < 0 || row >= keptCount) throw unreadable('a row is missing');
    kept[row] = pairs[2 * at] ?? 0;
  }
  if (!file.flag()) throw unreadable('it is not quantized');
  const input = quantizedRows(file);
  if (file.flag()) throw unreadable('its output is quantized');
  if (file.long() !== labelCount || file.long() !== width) throw unreadable('its output has another shape');
  const output = file.floats(labelCount * width);
  if (input.rows !== wordCount + keptCount || input.width !== width) throw unreadable('its input has another shape');
  return { words, lineEnd, labels, labelCounts, shortest, longest, places, kept, input, output };
}

function quantizedRows(file: Reader): QuantizedRows {
  const lengthsApart = file.flag();
  const rows = file.longCount();
  const width = file.longCount();
  const codes = file.bytes(file.count());
  const { stretch, codesPerRow, centroids } = quantizer(file, width);
  if (codes.length !== rows * codesPerRow) throw unreadable('codes are missing');
  const [lengthCodes, lengths] = lengthsApart ? [file.bytes(rows), quantizer(file, 1).centroids] : [];
  return { rows, width, stretch, codesPerRow, codes, centroids, lengthCodes, lengths };
}

function quantizer(file: Reader, expected: number) {
  const [width = 0, codesPerRow = 0, stretch = 0] = [file.count(), file.count(), file.count()];
  file.skip(4);
  if (width !== expected || codesPerRow !== Math.ceil(width / stretch))
    throw unreadable('a quantizer has another shape');
  return { stretch, codesPerRow, centroids: file.floats(width * CODES) };
}

function unreadable(why: string): WeirError {
  return new WeirError('model.unavailable', `The model of languages cannot be read: ${why}`);
}

/** Reads a file's fields one after the other. */
class Reader {
  private readonly file: Uint8Array;
  private readonly view: DataView;
  /** Where the next field begins. */
  at = 0;

  constructor(bytes: Uint8Array) {
    this.file = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int(): number {
    return this.view.getInt32(this.next(4), true);
  }

  /** A number of things of the file. */
  count(): number {
    return this.possible(this.int());
  }

  longCount(): number {
    return this.possible(this.long());
  }

  long(): number {
    const from = this.next(8);
    return this.view.getInt32(from + 4, true) * 2 ** 32 + this.view.getUint32(from, true);
  }

  flag(): boolean {
    return this.file[this.next(1)] !== 0;
  }

  /** Text before a zero byte. */
  text(): string {
    const from = this.at;
    while (this.file[this.next(1)] !== 0);
    return Buffer.from(this.file.subarray(from, this.at - 1)).toString();
  }

  /** A part of the file itself. */
  bytes(length: number): Uint8Array {
    const from = this.next(length);
    return this.file.subarray(from, from + length);
  }

  ints(length: number): Int32Array {
    return new Int32Array(this.bytes(4 * length).slice().buffer);
  }

  floats(length: number): Float32Array {
    return new Float32Array(this.bytes(4 * length).slice().buffer);
  }

  skip(length: number): void {
    this.next(length);
  }

  private possible(count: number): number {
    if (count < 0 || count > this.file.length) throw unreadable('a number of things is none');
    return count;
  }

  private next(length: number): number {
    const from = this.at;
    if (!(length <= this.file.length - from)) throw unreadable('it ends too early');
    this.at += length;
    return from;
  }
}
