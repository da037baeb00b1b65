import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Figures, Head, ModelCard } from '#models/heads/head-file.js';
import { LinearLayer, type LinearWeights, toWeights } from '#models/heads/linear-layer.js';
import type { StaticEmbedding } from '#models/static/static-embedding.js';
import { accuracy, calibrationError, decisiveAt, fitTemperature, type Said, said, wilson } from './calibration.js';
import { nearDuplicates } from './duplicates.js';
import { type Examples, fitSoftmax } from './softmax-regression.js';

export interface LabelledText {
  readonly text: string;
  readonly label: string;
  /** How much it counts in training; 1 unless said. */
  readonly weight?: number;
}

/** Texts from one source. */
export interface DataSet {
  readonly name: string;
  readonly licence: string;
  readonly texts: readonly LabelledText[];
  /** Of what a share is held out: to tune and to test on, to tune on only, or nothing. */
  readonly heldOut: 'tune and test' | 'tune' | 'nothing';
}

export interface TrainHeadOptions {
  readonly kind: string;
  readonly summary: string;
  readonly data: readonly DataSet[];
  /** Texts that are only ever tested on. */
  readonly tests: readonly DataSet[];
  readonly embedder: string;
  readonly embed: (texts: readonly string[]) => Promise<readonly Float32Array[]>;
  readonly fast?: StaticEmbedding | undefined;
  readonly random: Random;
  readonly strength?: number;
  readonly threshold?: number;
  /** When it was made, for the card. */
  readonly date: string;
  readonly failures?: readonly string[];
  readonly progress?: (message: string) => void;
}

/** Shares of held-out data: to tune temperature and cascade on, and to test on. */
const TUNE = 0.15;
const TEST = 0.2;
/** Two texts whose vectors are closer than this are the same text. */
const SAME = 0.95;
const ITERATIONS = 100;

interface Row extends LabelledText {
  readonly set: number;
  readonly part: 'train' | 'tune' | 'test';
}

/** A text with what the two tiers see of it. */
interface Seen {
  readonly row: Row;
  readonly model: Float32Array;
  readonly fast: Float32Array | undefined;
}

/**
 * Trains a head: logistic regression on each tier's vectors, a temperature for each, and the probability from which the fast tier's word
 * stands. Training texts that are nearly the same as a held-out one are left out. Every figure on the card is of held-out texts.
 */
export async function trainHead(options: TrainHeadOptions): Promise<Head> {
  const { data, tests, progress = () => {} } = options;
  const rows = [
    ...data.flatMap((set, at) => partsOf(set, at, options.random)),
    ...tests.flatMap((set, at) => testsOf(set, data.length + at)),
  ];
  const labels = [...new Set(rows.filter(({ part }) => part === 'train').map(({ label }) => label))].sort();
  const unknown = rows.find(({ label }) => !labels.includes(label));
  if (unknown !== undefined)
    throw new WeirError('usage.invalid', `Nothing is trained as ${JSON.stringify(unknown.label)}`);
  progress(`embedding ${rows.length} texts`);
  const all = await seen(rows, options);
  const held = all.filter(({ row }) => row.part !== 'train');
  const candidates = all.filter(({ row }) => row.part === 'train');
  const same = nearDuplicates(
    candidates.map(({ model }) => model),
    held.map(({ model }) => model),
    SAME,
  );
  const train = candidates.filter((_, at) => !same.has(at));
  const tune = held.filter(({ row }) => row.part === 'tune');
  const test = held.filter(({ row }) => row.part === 'test');
  progress(`training on ${train.length} texts, ${same.size} near-duplicates left out`);
  const model = fitTier(train, tune, labels, options.strength ?? 3, ({ model: vector }) => vector);
  const fast =
    options.fast === undefined
      ? undefined
      : fitTier(train, tune, labels, options.strength ?? 3, ({ fast: vector }) => vector);
  const tiers = new Tiers(labels, model, fast, tune);
  const sets = [...data, ...tests];
  const results = Object.fromEntries(
    sets.flatMap((set, at) => {
      const of = test.filter(({ row }) => row.set === at);
      return of.length === 0 ? [] : [[set.name, tiers.figures(of)] as const];
    }),
  );
  const card: ModelCard = {
    summary: options.summary,
    trained: options.date,
    data: data.map(({ name, licence, texts }) => ({ name, licence, texts: texts.length })),
    duplicates: { above: SAME, removed: same.size },
    results,
    labels: tiers.perLabel(test),
    failures: [...(options.failures ?? [])],
  };
  return {
    format: 1,
    kind: options.kind,
    labels,
    threshold: options.threshold ?? 0.4,
    model: { ...plain(model), embedder: options.embedder, width: all[0]?.model.length ?? 0 },
    ...(fast !== undefined &&
      options.fast !== undefined && {
        fast: {
          ...plain(fast),
          embedder: options.fast.name,
          width: options.fast.dimension,
          decisive: rounded(tiers.decisive),
        },
      }),
    card,
  };
}

function partsOf(set: DataSet, at: number, random: Random): Row[] {
  const draws = random.fork(set.name);
  return set.texts.map(text => {
    return { ...text, set: at, part: partOf(set.heldOut, draws.next()) };
  });
}

function partOf(heldOut: DataSet['heldOut'], u: number): Row['part'] {
  if (heldOut === 'nothing' || u >= TEST + TUNE) return 'train';
  if (u >= TEST) return 'tune';
  return heldOut === 'tune' ? 'train' : 'test';
}

function testsOf(set: DataSet, at: number): Row[] {
  return set.texts.map(text => ({ ...text, set: at, part: 'test' }));
}

async function seen(rows: readonly Row[], { embed, fast }: TrainHeadOptions): Promise<Seen[]> {
  const vectors = await embed(rows.map(({ text }) => text));
  return rows.map((row, at) => ({ row, model: vectors[at]!, fast: fast?.embed(row.text) }));
}

function fitTier(
  train: readonly Seen[],
  tune: readonly Seen[],
  labels: readonly string[],
  strength: number,
  vectorOf: (one: Seen) => Float32Array | undefined,
): LinearWeights {
  const usable = train.filter(one => vectorOf(one) !== undefined);
  const width = vectorOf(usable[0]!)?.length ?? 0;
  const vectors = new Float32Array(usable.length * width);
  for (const [at, one] of usable.entries()) vectors.set(vectorOf(one)!, at * width);
  const examples: Examples = {
    vectors,
    width,
    labels: Int32Array.from(usable, ({ row }) => labels.indexOf(row.label)),
  };
  const weights = Float32Array.from(usable, ({ row }) => row.weight ?? 1);
  const { rows, bias } = fitSoftmax(examples, { classes: labels.length, strength, weights, iterations: ITERATIONS });
  const raw = toWeights(rows, bias, 1);
  const layer = new LinearLayer(raw, width);
  const tunable = tune.filter(one => vectorOf(one) !== undefined);
  const temperature =
    tunable.length === 0
      ? 1
      : fitTemperature({
          logits: tunable.map(one => layer.logits(vectorOf(one)!)),
          labels: tunable.map(({ row }) => labels.indexOf(row.label)),
        });
  return { ...raw, temperature: Number(temperature.toPrecision(4)) };
}

/** The two tiers and the cascade of them, as they judge texts. */
class Tiers {
  readonly decisive: number;
  private readonly model: LinearLayer;
  private readonly fast: LinearLayer | undefined;

  constructor(
    private readonly labels: readonly string[],
    model: LinearWeights,
    fast: LinearWeights | undefined,
    tune: readonly Seen[],
  ) {
    this.model = new LinearLayer(model, widthOf(model));
    this.fast = fast === undefined ? undefined : new LinearLayer(fast, widthOf(fast));
    this.decisive = decisiveAt(
      tune.map(one => this.byFast(one)),
      tune.map(one => this.byModel(one)),
      this.truths(tune),
    );
  }

  figures(of: readonly Seen[]): Record<string, Figures> {
    const truths = this.truths(of);
    const cascade = of.map(one => this.byCascade(one));
    const model = figuresOf(
      of.map(one => this.byModel(one)),
      truths,
    );
    if (this.fast === undefined) return { model };
    return {
      model,
      fast: figuresOf(
        of.map(one => this.byFast(one)),
        truths,
      ),
      cascade: {
        ...figuresOf(
          cascade.map(({ answer }) => answer),
          truths,
        ),
        escalated: rounded(cascade.filter(({ escalated }) => escalated).length / of.length),
      },
    };
  }

  perLabel(of: readonly Seen[]): ModelCard['labels'] {
    const truths = this.truths(of);
    const answers = of.map(one => this.byCascade(one).answer.label);
    return Object.fromEntries(
      this.labels.map((name, label) => {
        const texts = truths.filter(truth => truth === label).length;
        const said = answers.filter(answer => answer === label).length;
        const right = answers.filter((answer, i) => answer === label && truths[i] === label).length;
        return [
          name,
          { texts, recall: rounded(right / Math.max(1, texts)), precision: rounded(right / Math.max(1, said)) },
        ];
      }),
    );
  }

  private truths(of: readonly Seen[]): number[] {
    return of.map(({ row }) => this.labels.indexOf(row.label));
  }

  private byModel({ model }: Seen): Said {
    return said(this.model.probabilities(model));
  }

  private byFast({ fast }: Seen): Said {
    return this.fast === undefined || fast === undefined
      ? { label: -1, probability: 0 }
      : said(this.fast.probabilities(fast));
  }

  private byCascade(one: Seen): { readonly answer: Said; readonly escalated: boolean } {
    const fast = this.byFast(one);
    return fast.probability >= this.decisive
      ? { answer: fast, escalated: false }
      : { answer: this.byModel(one), escalated: true };
  }
}

function plain({ rows, scales, bias, temperature }: LinearWeights) {
  return { rows, scales: [...scales], bias: [...bias], temperature };
}

function widthOf({ rows, bias }: LinearWeights): number {
  return Buffer.from(rows, 'base64').length / bias.length;
}

function figuresOf(answers: readonly Said[], truths: readonly number[]): Figures {
  const share = accuracy(answers, truths);
  const [low, high] = wilson(share, answers.length);
  return {
    texts: answers.length,
    accuracy: rounded(share),
    interval: [rounded(low), rounded(high)],
    ece: rounded(calibrationError(answers, truths)),
  };
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
