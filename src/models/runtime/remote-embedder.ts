import type { Clock } from '#contract/clock.js';
import { NO_DEADLINE } from '#contract/deadline.js';
import type { Embedder, EmbedOptions, ModelStatus } from '#contract/embedder.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import { normalise } from './pooling.js';
import { VectorCache } from './vector-cache.js';

export interface RemoteSettings {
  /** The whole URL, such as `http://10.0.0.7:8000/v1/embeddings`. */
  readonly url: string;
  readonly model: string;
  readonly apiKey?: string | undefined;
  readonly prefix: string;
  /** Leading numbers of the vector that are kept; all unless said. */
  readonly dimension?: number | undefined;
  readonly timeoutMs: Milliseconds;
  /** Texts that may be on their way at once. */
  readonly capacity: number;
}

/** Longest answer that is read: 64 vectors of 4,096 numbers in JSON. */
const MOST_BYTES = 8 * 1024 ** 2;
/** Texts in one request. */
const MOST_TEXTS = 64;

/** An embedder behind OpenAI's `/v1/embeddings`. */
export class RemoteEmbedder implements Embedder {
  private readonly cache = new VectorCache();
  private width = 0;
  private underWay = 0;
  private failure = '';
  private readonly counts = { texts: 0, batches: 0, refused: 0, busyMs: 0 };

  constructor(
    readonly name: string,
    private readonly settings: RemoteSettings,
    private readonly clock: Clock,
    private readonly fetcher: typeof fetch = fetch,
  ) {}

  get dimension(): number {
    return this.width;
  }

  get status(): ModelStatus {
    const state = this.failure !== '' ? this.failure : this.width === 0 ? 'loading' : 'ready';
    const { name, counts, underWay } = this;
    return { name, state, precision: 'remote', bytes: 0, loadMs: 0, queued: underWay, ...counts };
  }

  async prepare(): Promise<void> {
    await this.embed(['hello']);
  }

  async embed(
    texts: readonly string[],
    { deadline = NO_DEADLINE }: EmbedOptions = {},
  ): Promise<readonly Float32Array[]> {
    if (deadline.leftMs() <= 0) throw new WeirError('model.busy', `${this.name} was asked too late`);
    const missing = [...new Set(texts.filter(text => this.cache.get(text) === undefined))];
    const asked = new Map<string, Promise<Float32Array>>();
    for (let at = 0; at < missing.length; at += MOST_TEXTS) {
      const batch = missing.slice(at, at + MOST_TEXTS);
      const vectors = this.ask(batch);
      for (const [i, text] of batch.entries()) {
        const vector = vectors.then(all => all[i]!);
        asked.set(text, vector);
        this.cache.keep(text, vector);
      }
    }
    return Promise.all(texts.map(text => asked.get(text) ?? this.cache.get(text)!));
  }

  close(): void {}

  private async ask(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const { capacity } = this.settings;
    if (this.underWay + texts.length > capacity) {
      this.counts.refused += texts.length;
      throw new WeirError('model.busy', `${this.underWay} texts are on their way to ${this.name} already`);
    }
    this.underWay += texts.length;
    const begun = this.clock.now();
    try {
      const vectors = await this.fetch(texts);
      this.failure = '';
      this.counts.texts += texts.length;
      this.counts.batches++;
      return vectors;
    } catch (error) {
      const failed = isWeirError(error)
        ? error
        : new WeirError('model.failed', `${this.name} ${this.whyNot(error)}`, { cause: error });
      this.failure = failed.message;
      throw failed;
    } finally {
      this.underWay -= texts.length;
      this.counts.busyMs += this.clock.now() - begun;
    }
  }

  /** In words that hold neither the address nor what was answered: they stand in records and in answers of the API. */
  private whyNot(error: unknown): string {
    if (!(error instanceof Error)) return 'does not answer';
    if (error.name === 'TimeoutError') return `did not answer within ${this.settings.timeoutMs} ms`;
    if (error instanceof SyntaxError) return 'answers with something that is not JSON';
    const { cause } = error;
    if (cause instanceof Error && 'code' in cause) return `cannot be reached (${String(cause.code)})`;
    return cause instanceof Error && cause.message.includes('redirect')
      ? 'answers with a redirection, which is not followed'
      : 'does not answer';
  }

  private async fetch(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const { url, model, apiKey, prefix, timeoutMs } = this.settings;
    const response = await this.fetcher(url, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json',
        ...(apiKey === undefined ? undefined : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({ model, input: texts.map(text => prefix + text), encoding_format: 'float' }),
    });
    if (!response.ok) throw new WeirError('model.failed', `${this.name} answers with status ${response.status}`);
    const answer = JSON.parse(await bounded(response)) as { readonly data?: unknown } | null;
    return this.vectorsIn(answer?.data, texts.length);
  }

  private vectorsIn(data: unknown, count: number): readonly Float32Array[] {
    if (!Array.isArray(data) || data.length !== count)
      throw new WeirError('model.failed', `${this.name} gave no ${count} vectors`);
    const vectors = new Array<Float32Array>(count);
    for (const [at, item] of data.entries()) {
      const { embedding, index = at } = (item ?? {}) as { readonly embedding?: unknown; readonly index?: number };
      const { dimension } = this.settings;
      const numbers = Array.isArray(embedding) ? embedding.slice(0, dimension ?? embedding.length) : [];
      if (
        numbers.length === 0 ||
        !numbers.every(Number.isFinite) ||
        (this.width !== 0 && numbers.length !== this.width)
      ) {
        throw new WeirError(
          'model.failed',
          `${this.name} gave something that is no vector of ${this.width || 'numbers'}`,
        );
      }
      this.width = numbers.length;
      const vector = Float32Array.from(numbers);
      normalise(vector);
      vectors[index] = vector;
    }
    for (let at = 0; at < count; at++)
      if (vectors[at] === undefined) throw new WeirError('model.failed', `${this.name} left out a text`);
    return vectors;
  }
}

async function bounded(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new WeirError('model.failed', `The answer is longer than ${MOST_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
