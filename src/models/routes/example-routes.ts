import type { Embedder } from '#contract/embedder.js';
import type { Classifier, ClassifyOptions, RouteExamples, Verdict } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { largestOf } from '#models/heads/linear-layer.js';
import type { QuickFeatures } from '#models/heads/quick-features.js';
import { unasked } from '#models/runtime/failure.js';
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
  private readonly fast: Fitted | undefined;

  constructor(
    examples: RouteExamples,
    private readonly ports: ExampleRoutesPorts,
  ) {
    this.labels = Object.keys(examples);
    this.languages = ports.languages;
    this.texts = this.labels.flatMap((name, route) => (examples[name] ?? []).map(text => ({ text, route })));
    const { fast } = ports;
    this.fast = fast === undefined ? undefined : fitted(this.texts, text => fast.of(text).vector, this.labels.length);
  }

  async prepare(): Promise<void> {
    await this.fit().catch(() => {});
  }

  classify(whole: string, options: ClassifyOptions): Verdict | Promise<Verdict> {
    const text = this.ports.fast?.gist(whole) ?? whole;
    if (text.trim() === '') return { probabilities: NONE, best: -1, sure: false, tier: 'fast', reason: 'no text' };
    return this.ask(text, options);
  }

  private async ask(text: string, { whenBusy, deadline }: ClassifyOptions): Promise<Verdict> {
    const { embedder, patienceMs, fast } = this.ports;
    try {
      const model = this.model ?? (await this.fit());
      const [vector] = await embedder.embed([text], whenBusy === 'wait' ? { deadline } : { patienceMs, deadline });
      return this.verdict(model, vector!, 'model');
    } catch (error) {
      const why = unasked(error);
      const vector = whenBusy === 'unknown' ? undefined : fast?.of(text).vector;
      if (vector === undefined || this.fast === undefined)
        return { probabilities: NONE, best: -1, sure: false, tier: 'busy', ...why };
      return { ...this.verdict(this.fast, vector, 'busy'), ...why };
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

  private fit(): Promise<Fitted> {
    this.fitting ??= this.fitModel().catch((error: unknown) => {
      this.fitting = undefined;
      throw error;
    });
    return this.fitting;
  }

  private async fitModel(): Promise<Fitted> {
    const texts = [...this.texts.map(({ text }) => text), ...background()];
    const vectors = await this.ports.embedder.embed(texts);
    const known = new Map(texts.map((text, at) => [text, vectors[at]!]));
    const model = fitted(this.texts, text => known.get(text), this.labels.length);
    if (model === undefined) throw new RangeError('the routes have no examples');
    this.model = model;
    return model;
  }
}

function fitted(
  texts: readonly { readonly text: string; readonly route: number }[],
  vectorOf: (text: string) => Float32Array | undefined,
  routes: number,
): Fitted | undefined {
  const examples = texts.flatMap(({ text, route }): RouteExample[] => {
    const vector = vectorOf(text);
    return vector === undefined ? [] : [{ text, route, vector }];
  });
  if (examples.length === 0) return undefined;
  const space = new Prototypes(examples, routes);
  const judged: Judged[] = [];
  for (const example of examples) {
    const { scores } = space.score(example.vector, example);
    const own = scores[example.route]!;
    // The only example of its route says nothing of how near its like are.
    if (own > -1) judged.push({ score: own, belongs: true });
    const others = scores.filter((_, route) => route !== example.route);
    if (others.length > 0) judged.push({ score: Math.max(...others), belongs: false });
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
  }
  return { space, curve: fitSigmoid(judged) };
}

/** How near texts of a route are to its examples where there is one example of each. */
const LONELY = 0.6;
