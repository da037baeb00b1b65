import { WeirError } from '#contract/errors.js';
import type { Bytes } from '#contract/units.js';
import { entitiesOf } from '#models/own/entities.js';
import { probabilitiesOf } from '#models/own/probabilities.js';
import { placesOf } from '#models/tokenizer/alignment.js';
import { PieceReader } from '#models/tokenizer/pieces.js';
import { openTokenizer, type PublishedTokenizer } from '#models/tokenizer/tokenizer-file.js';
import type { ModelSpec } from './messages.js';
import { type Ids, OnnxSession, SCORES } from './onnx-session.js';
import { coveringPasses } from './passes.js';

/** Tokens that go through the model together, where one pass has not more: what they need of memory grows with them. */
const MOST_TOGETHER = 2048;

/** Numbers by which an entity is told: its type, where it starts and ends, its score. */
export const ENTITY_WIDTH = 4;

/** A classifier of tokens with its tokeniser, on this thread: texts in, entities out. */
export class TokenModel {
  readonly precision = 'onnx';
  readonly note = undefined;

  private constructor(
    private readonly session: OnnxSession,
    private readonly spec: ModelSpec & { readonly kind: 'tokens' },
    private readonly reader: PieceReader,
    /** The marks that the model wants before and behind a text. */
    private readonly marks: { readonly before: Ids; readonly behind: Ids },
    private readonly padding: number,
  ) {}

  /** @throws WeirError `model.unavailable`. */
  static async open(spec: ModelSpec & { readonly kind: 'tokens' }): Promise<TokenModel> {
    const published = await openTokenizer(spec.tokenizer);
    const marks = marksOf(published, spec.tokenizer);
    const session = await OnnxSession.open(spec.file, SCORES);
    const model = new TokenModel(session, spec, new PieceReader(published), marks, published.padding);
    const { shape } = await session.run([published.tokenizer.encode('a').ids], published.padding);
    if (shape.length === 3 && shape[2] === spec.tags.length) return model;
    await session.close();
    const message = `${spec.file} does not give each token one score for each of ${spec.tags.length} labels`;
    throw new WeirError('model.unavailable', message, { hint: `it gives ${shape.slice(1).join(' × ')} for a text` });
  }

  get bytes(): Bytes {
    return this.session.bytes;
  }

  get dimension(): number {
    return this.spec.tags.length;
  }

  /**
   * The entities of texts, {@link ENTITY_WIDTH} numbers each, and where each text's end. Each text goes through the model by itself: a quantized model
   * says other things of a text by what stands beside it.
   */
  async embed(texts: readonly string[]): Promise<{ values: Float32Array<ArrayBuffer>; ends: readonly number[] }> {
    const values: number[] = [];
    const ends: number[] = [];
    for (const text of texts) {
      for (const { type, start, end, score } of await this.entities(text)) values.push(type, start, end, score);
      ends.push(values.length);
    }
    return { values: Float32Array.from(values), ends };
  }

  async close(): Promise<void> {
    await this.session.close();
  }

  private async entities(text: string) {
    const { prefix, tags, aggregation, scores } = this.spec;
    const whole = prefix + text;
    const pieces = this.reader.pieces(whole);
    const rows = await this.rows(pieces.map(({ id }) => id));
    const places = placesOf(pieces, whole, this.reader.normalised(whole));
    const found = entitiesOf(whole, places, rows, tags, aggregation, scores === 'sigmoid');
    // What stands in the prefix is none of the text's.
    return found
      .filter(({ end }) => end > prefix.length)
      .map(({ start, end, ...one }) => ({
        ...one,
        start: Math.max(0, start - prefix.length),
        end: end - prefix.length,
      }));
  }

  /** Probabilities of the labels of each token, each by the pass that sees most around it. */
  private async rows(ids: Ids): Promise<Float32Array[]> {
    const { before, behind } = this.marks;
    const { tags, scores, temperature } = this.spec;
    const passes = coveringPasses(ids.length, this.spec.length - before.length - behind.length);
    const rows: Float32Array[] = [];
    const together = Math.max(1, Math.floor(MOST_TOGETHER / this.spec.length));
    for (let at = 0; at < passes.length; at += together) {
      const some = passes.slice(at, at + together);
      const texts = some.map(({ start, end }) => [...before, ...ids.slice(start, end), ...behind]);
      const { values, shape } = await this.session.run(texts, this.padding);
      const length = shape[1] ?? 0;
      for (const [row, { start, from, to }] of some.entries()) {
        for (let token = from; token < to; token++) {
          const place = (row * length + before.length + token - start) * tags.length;
          rows.push(probabilitiesOf(values.subarray(place, place + tags.length), scores, temperature));
        }
      }
    }
    if (!rows.every(row => row.every(Number.isFinite))) {
      throw new WeirError('model.failed', 'the model gives scores that are no numbers');
    }
    return rows;
  }
}

/** What the tokeniser puts around every text. */
function marksOf({ tokenizer }: PublishedTokenizer, file: string): { readonly before: Ids; readonly behind: Ids } {
  const marked: Ids = tokenizer.encode('a').ids;
  const bare: Ids = tokenizer.encode('a', { add_special_tokens: false }).ids;
  for (let at = 0; bare.length > 0 && at + bare.length <= marked.length; at++) {
    if (bare.every((id, i) => marked[at + i] === id)) {
      return { before: marked.slice(0, at), behind: marked.slice(at + bare.length) };
    }
  }
  throw new WeirError('model.unavailable', `What ${file} puts around a text cannot be told`);
}
