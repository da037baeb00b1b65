import type { Embedder } from '#contract/embedder.js';
import type { Classifier, ClassifyOptions, Verdict, WordIndexer } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { largestOf } from '#models/heads/linear-layer.js';
import { background } from '#models/routes/background.js';
import { fitSigmoid, type Judged, type Sigmoid, sigmoid } from '#models/routes/platt.js';
import { unasked } from '#models/runtime/failure.js';
import { embedInBatches } from '#models/runtime/in-batches.js';
import { chunkText } from './chunks.js';
import { FusedIndex } from './fused-index.js';
import { type BaseChunk, holdOut } from './held-out.js';

export interface KnowledgePorts {
  readonly embedder: Embedder;
  readonly words: WordIndexer;
  /** What of a long text is read. */
  readonly gist: (text: string) => string;
  readonly patienceMs: Milliseconds;
  /** Languages that the embedder knows; any unless said. */
  readonly languages?: readonly string[] | undefined;
}

/** The bases, with what turns a score into a probability. */
interface Fitted {
  readonly index: FusedIndex;
  readonly curve: Sigmoid;
}

/** From which probability a base is said. */
const SAID = 0.5;
/** Where everyday questions are no less like the bases than their own sentences, nothing can be told. */
const NEVER: Sigmoid = { slope: 0, offset: -4 };
/** What a text of a base scores, where none could be held out to see. */
const LONELY = 0.45;
/** Characters of the chunk that is shown. */
const MOST_SHOWN = 240;
const NONE = new Float32Array(0);
const NO_BASES = 'there are no knowledge bases; name their files under router.knowledge';

/**
 * Which of the operator's knowledge bases holds what a text asks for. How near is near enough is fitted to sentences of the bases, each scored
 * against what is left without them, and to everyday questions that hardly any base is for.
 */
export class KnowledgeBases implements Classifier {
  readonly languages: readonly string[] | undefined;
  private readonly vectors = new Map<string, Float32Array>();
  private building: Promise<Fitted> | undefined;
  private built: Fitted | undefined;

  constructor(
    readonly labels: readonly string[],
    private readonly chunks: readonly BaseChunk[],
    private readonly ports: KnowledgePorts,
  ) {
    this.languages = ports.languages;
  }

  async prepare(): Promise<void> {
    if (this.chunks.length > 0) await this.build().catch(() => {});
  }

  /** Prepares. @returns whether it can answer. */
  async ready(): Promise<boolean> {
    await this.prepare();
    return this.chunks.length === 0 || this.built !== undefined;
  }

  async classify(whole: string, { whenBusy, deadline }: ClassifyOptions): Promise<Verdict> {
    const { embedder, gist, patienceMs } = this.ports;
    const text = gist(whole);
    if (this.chunks.length === 0 || text.trim() === '') {
      const reason = this.chunks.length === 0 ? NO_BASES : 'no text';
      return { probabilities: NONE, best: -1, sure: false, tier: 'fast', reason };
    }
    try {
      const building = this.build();
      if (this.built === undefined && whenBusy !== 'wait') return unread(building);
      const { index, curve } = await building;
      const [vector] = await embedder.embed([text], whenBusy === 'wait' ? { deadline } : { patienceMs, deadline });
      const { scores, nearest, likeness } = index.score(text, vector!);
      const probabilities = scores.map(score => sigmoid(curve, score));
      const best = largestOf(probabilities);
      const chunk = this.chunks[nearest]!;
      const shown = { text: chunkText(chunk).slice(0, MOST_SHOWN), label: this.labels[chunk.base]!, likeness };
      return { probabilities, best, sure: probabilities[best]! >= SAID, tier: 'model', nearest: shown };
    } catch (error) {
      return { probabilities: NONE, best: -1, sure: false, tier: 'busy', ...unasked(error) };
    }
  }

  private build(): Promise<Fitted> {
    this.building ??= this.fit().catch((error: unknown) => {
      this.building = undefined;
      throw error;
    });
    return this.building;
  }

  private async fit(): Promise<Fitted> {
    const held = holdOut(this.chunks);
    const everyday = background();
    const sentences = held.sentences.map(({ text }) => text);
    await this.embed([...this.chunks.map(chunkText), ...held.rest.map(chunkText), ...sentences, ...everyday]);
    const index = this.indexed(this.chunks);
    const rest = this.indexed(held.rest);
    const judged: Judged[] = [];
    for (const { text, base } of held.sentences) {
      const { scores } = rest.score(text, this.vectors.get(text)!);
      judged.push({ score: scores[base]!, belongs: true });
      const others = scores.filter((_, other) => other !== base);
      if (others.length > 0) judged.push({ score: Math.max(...others), belongs: false });
    }
    const inside = judged
      .filter(({ belongs }) => belongs)
      .map(({ score }) => score)
      .sort((a, b) => a - b);
    if (inside.length === 0) judged.push({ score: LONELY, belongs: true });
    const middle = inside[Math.floor(inside.length / 2)] ?? LONELY;
    for (const text of everyday) {
      const score = Math.max(...index.score(text, this.vectors.get(text)!).scores);
      // An everyday question that is as near as the bases' own sentences may well be answered there.
      if (score < middle) judged.push({ score, belongs: false });
    }
    const curve = fitSigmoid(judged);
    this.built = { index, curve: curve.slope > 0 ? curve : NEVER };
    this.vectors.clear();
    return this.built;
  }

  private indexed(chunks: readonly BaseChunk[]): FusedIndex {
    const texts = chunks.map(chunkText);
    const vectors = chunks.map(({ base }, at) => ({ base, vector: this.vectors.get(texts[at]!)! }));
    return new FusedIndex(vectors, this.ports.words(texts), this.labels.length);
  }

  /** What was embedded before a failure is not embedded again. */
  private async embed(texts: readonly string[]): Promise<void> {
    const missing = [...new Set(texts)].filter(text => !this.vectors.has(text));
    await embedInBatches(this.ports.embedder, missing, {}, (text, vector) => this.vectors.set(text, vector));
  }
}

function unread(building: Promise<unknown>): Verdict {
  building.catch(() => {});
  const reason = 'the knowledge bases are being read';
  return { probabilities: NONE, best: -1, sure: false, tier: 'busy', reason, loading: true };
}
