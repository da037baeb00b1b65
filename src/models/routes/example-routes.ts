import type { Embedder } from '#contract/embedder.js';
import { WeirError } from '#contract/errors.js';
import type { Classifier, ClassifyOptions, RouteExamples, Verdict } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { largestOf } from '#models/heads/linear-layer.js';
import type { QuickFeatures } from '#models/heads/quick-features.js';
import { unasked } from '#models/runtime/failure.js';
import { embedInBatches } from '#models/runtime/in-batches.js';
import { Turns } from '#models/turns.js';
import { background } from './background.js';
import { fitSigmoid, type Judged, type Sigmoid, sigmoid } from './platt.js';
import { nearestExample, Prototypes, type RouteExample } from './prototypes.js';

export interface ExampleRoutesPorts {
  readonly embedder: Embedder;
  readonly fast: QuickFeatures | undefined;
  readonly patienceMs: Milliseconds;
  /** Languages that the embedder knows; any unless said. */
  readonly languages?: readonly string[] | undefined;
}

/** Routes in one space of vectors, with what turns a score into a probability. */
interface Fitted {
  readonly space: Prototypes;
  readonly curve: Sigmoid;
}

const NONE = new Float32Array(0);
/** Examples that a request waits for while they are embedded for the first time. */
const FEW = 256;
/** Examples that the sigmoid is fitted to, evenly out of all. */
const MOST_JUDGED = 512;
/** What finding a text's quick features takes, in comparisons of vectors. */
const TEXT_WORK = 64;

/**
 * Routes by a few examples each, as a user writes them down. A text belongs to a route by how near it is to the route's examples; how
 * near is near enough is fitted to the examples themselves, each scored as if it were not there, against the other routes' and
 * everyday questions. What is near to none is out of scope.
 */
export class ExampleRoutes implements Classifier {
  readonly labels: readonly string[];
  readonly languages: readonly string[] | undefined;
  private readonly texts: readonly { readonly text: string; readonly route: number }[];
  private fitting: Promise<Fitted> | undefined;
  private model: Fitted | undefined;
  private quick: Promise<Fitted | undefined> | undefined;

  constructor(
    examples: RouteExamples,
    private readonly ports: ExampleRoutesPorts,
  ) {
    this.labels = Object.keys(examples);
    this.languages = ports.languages;
    this.texts = this.labels.flatMap((name, route) => (examples[name] ?? []).map(text => ({ text, route })));
  }

  async prepare(): Promise<void> {
    await Promise.all([this.fit().catch(() => {}), this.fitQuick()]);
  }

  classify(whole: string, options: ClassifyOptions): Verdict | Promise<Verdict> {
    const text = this.ports.fast?.gist(whole) ?? whole;
    if (text.trim() === '') return { probabilities: NONE, best: -1, sure: false, tier: 'fast', reason: 'no text' };
    return this.ask(text, options);
  }

  private async ask(text: string, { whenBusy, deadline }: ClassifyOptions): Promise<Verdict> {
    const { embedder, patienceMs, fast } = this.ports;
    try {
      const model = this.model ?? (await this.fitSoon(whenBusy));
      const [vector] = await embedder.embed([text], whenBusy === 'wait' ? { deadline } : { patienceMs, deadline });
      return this.verdict(model, vector!, 'model');
    } catch (error) {
      const why = unasked(error);
      const vector = whenBusy === 'unknown' ? undefined : fast?.of(text).vector;
      const quick = vector === undefined ? undefined : await this.fitQuick();
      if (vector === undefined || quick === undefined)
        return { probabilities: NONE, best: -1, sure: false, tier: 'busy', ...why };
      return { ...this.verdict(quick, vector, 'busy'), ...why };
    }
  }

  private verdict({ space, curve }: Fitted, vector: Float32Array, tier: 'model' | 'busy'): Verdict {
    const scored = space.score(vector);
    const probabilities = scored.scores.map(score => sigmoid(curve, score));
    const best = largestOf(probabilities);
    return {
      probabilities,
      best,
      sure: probabilities[best]! >= 0.5,
      tier,
      nearest: nearestExample(scored, this.labels),
    };
  }

  /** Few examples are there in a moment, which is worth waiting for. */
  private fitSoon(whenBusy: ClassifyOptions['whenBusy']): Promise<Fitted> {
    const fitting = this.fit();
    if (whenBusy === 'wait' || this.texts.length <= FEW) return fitting;
    fitting.catch(() => {});
    return Promise.reject(new WeirError('model.loading', 'the examples are being read'));
  }

  private fitQuick(): Promise<Fitted | undefined> {
    const { fast } = this.ports;
    this.quick ??=
      fast === undefined
        ? Promise.resolve(undefined)
        : fitted(this.texts, text => fast.of(text).vector, this.labels.length);
    return this.quick;
  }

  private fit(): Promise<Fitted> {
    this.fitting ??= this.fitModel().catch((error: unknown) => {
      this.fitting = undefined;
      throw error;
    });
    return this.fitting;
  }

  private async fitModel(): Promise<Fitted> {
    const texts = [...this.texts.map(({ text }) => text), ...background()];
    const vectors = await embedInBatches(this.ports.embedder, texts);
    const known = new Map(texts.map((text, at) => [text, vectors[at]!]));
    const model = await fitted(this.texts, text => known.get(text), this.labels.length);
    if (model === undefined) throw new RangeError('the routes have no examples');
    this.model = model;
    return model;
  }
}

async function fitted(
  texts: readonly { readonly text: string; readonly route: number }[],
  vectorOf: (text: string) => Float32Array | undefined,
  routes: number,
): Promise<Fitted | undefined> {
  const turns = new Turns();
  const examples: RouteExample[] = [];
  for (const { text, route } of texts) {
    const vector = vectorOf(text);
    if (vector !== undefined) examples.push({ text, route, vector });
    await turns.spent(TEXT_WORK);
  }
  if (examples.length === 0) return undefined;
  const space = await Prototypes.of(examples, routes, turns);
  const judged: Judged[] = [];
  const step = Math.max(1, examples.length / MOST_JUDGED);
  for (let at = 0; at < examples.length; at += step) {
    const example = examples[Math.floor(at)]!;
    const scores = space.scoresWithout(example);
    const own = scores[example.route]!;
    // The only example of its route says nothing of how near its like are.
    if (own > -1) judged.push({ score: own, belongs: true });
    const others = scores.filter((_, route) => route !== example.route);
    if (others.length > 0) judged.push({ score: Math.max(...others), belongs: false });
    await turns.spent(examples.length);
  }
  const inside = judged
    .filter(({ belongs }) => belongs)
    .map(({ score }) => score)
    .sort((a, b) => a - b);
  const middle = inside[Math.floor(inside.length / 2)] ?? LONELY;
  if (inside.length === 0) judged.push({ score: LONELY, belongs: true });
  for (const text of background()) {
    const vector = vectorOf(text);
    if (vector === undefined) continue;
    const score = Math.max(...space.score(vector).scores);
    // An everyday question that is as near as the examples are to one another may well belong.
    if (score < middle) judged.push({ score, belongs: false });
    await turns.spent(2 * examples.length);
  }
  return { space, curve: fitSigmoid(judged) };
}

/** How near texts of a route are to its examples where there is one example of each. */
const LONELY = 0.6;
