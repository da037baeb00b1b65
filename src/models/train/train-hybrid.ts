import type { Random } from '#contract/random.js';
import { fitSigmoid } from '#models/routes/platt.js';
import { openGlossary, withGloss } from '#models/safety/glossary.js';
import { GramCounter } from '#models/safety/gram-features.js';
import type { HybridCard, HybridHead, HybridRows } from '#models/safety/hybrid-file.js';
import { probabilitiesOf, toRows } from '#models/safety/hybrid-layer.js';
import type { KernelWeights } from '#models/safety/kernel-layer.js';
import type { Cut } from '#models/safety/parts.js';
import { Rarity, rarityOf } from '#models/safety/rarity.js';
import { joined } from '#models/safety/sparse-vector.js';
import { calibrationError, fitTemperature, said, wilson } from './calibration.js';
import { type CrossRow, crossFit, FOLDS, type Folds, fitRows, foldsOf } from './cross-fit.js';
import { type KernelChoices, type KernelSetting, kernelTier } from './kernel-tier.js';

export interface HybridSource {
  readonly name: string;
  readonly licence: string;
  readonly texts: readonly {
    readonly text: string;
    readonly label: string;
    readonly group?: string;
    readonly key?: string;
  }[];
  /** How much each text counts in training; 1 unless said. */
  readonly weight?: number;
}

export interface TrainHybridOptions {
  readonly kind: string;
  readonly summary: string;
  /** With two labels the second is what is looked for. */
  readonly labels: readonly string[];
  readonly reads: Cut;
  /** Characters that the transformer reads of a long text. */
  readonly excerpt: number;
  readonly sources: readonly HybridSource[];
  /** A power of 2. */
  readonly buckets: number;
  /** Of logistic regression: see `LogisticOptions`. */
  readonly strength?: number;
  /** Kernel ridge regression instead, with what is best of these; for more than two labels. */
  readonly kernel?: KernelChoices;
  /** What tells texts of another language in English. */
  readonly glossary?: HybridHead['glossary'];
  /** The most that may be flagged of these groups of negative texts: what the threshold is fitted on. */
  readonly falsePositives?: { readonly share: number; readonly groups: readonly string[] };
  /** What the likeliest of several labels must reach. */
  readonly threshold?: number;
  readonly embedder: string;
  readonly embed: (texts: readonly string[]) => Promise<readonly Float32Array[]>;
  readonly random: Random;
  readonly date: string;
  readonly failures: readonly string[];
  readonly progress?: (message: string) => void;
}

const SAME = 0.95;
/** Most positives that the fast tier may take for harmless, and negatives that it may flag, of those the model would not. */
const LOST = 0.005;
const FLAGGED = 0.001;

interface Text {
  readonly text: string;
  readonly label: number;
  readonly group: string;
  readonly key: string;
  readonly weight: number;
}

/** How one tier judges every text by models that did not see it, and the rows that are shipped, which saw all. */
interface Tier {
  readonly scores: readonly Float32Array[];
  readonly rows: HybridRows;
  readonly removed: number;
  readonly kernel?: KernelWeights;
  readonly chosen?: KernelSetting;
}

/**
 * Trains a head over n-grams (fast tier) and n-grams with the transformer's vector (model tier), by logistic or kernel ridge regression. Every figure, the calibration and the threshold come
 * from cross-fitting in five folds: a text is judged by models that saw neither it nor its near-duplicates. In each fold the threshold is
 * fitted on the other folds' judgements. What is shipped is trained on all.
 */
export async function trainHybrid(options: TrainHybridOptions): Promise<HybridHead> {
  const { labels, sources, random, buckets, glossary: language, progress = () => {} } = options;
  const texts = textsOf(sources, labels);
  const glossary = language === undefined ? undefined : openGlossary(language);
  const told = texts.map(({ text }) => glossary?.of(text) ?? text);
  progress(`embedding ${texts.length} texts`);
  const plain = await options.embed(texts.map(({ text }) => text));
  const ofGlosses = glossary === undefined ? [] : await options.embed(told);
  const vectors = glossary === undefined ? plain : plain.map((vector, at) => withGloss(vector, ofGlosses[at]!));
  const counter = new GramCounter();
  const counted = told.map(text => counter.features(text));
  const idf = rarityOf(counted);
  const rarity = new Rarity(idf, buckets);
  const grams = counted.map(vector => rarity.weighed(vector));
  progress('looking for near-duplicates');
  const keys = texts.map(({ key }) => key);
  const nearBy = (of: readonly Float32Array[]): Folds => foldsOf(keys, of, SAME, random.fork('folds'));
  const folds = glossary === undefined ? nearBy(vectors) : eitherNear(nearBy(plain), nearBy(ofGlosses));
  const width = vectors[0]?.length ?? 0;
  const rows = texts.map(({ label, weight }, at): CrossRow => ({ vector: grams[at]!, label, weight }));
  const linearTier = (of: readonly CrossRow[], size: number): Tier => {
    const settings = { width: size, classes: labels.length, strength: options.strength ?? 1, random, folds };
    const { scores, removed } = crossFit(of, settings);
    const fitted = fitRows(of, settings);
    const weights = fitted.map(one => one.weights);
    return { scores, rows: shipped(weights, fitted, scores, rows), removed };
  };
  const kernelTierOf = (choices: KernelChoices, ofTexts?: readonly Float32Array[]): Tier => {
    const examples = { grams, labels: rows.map(({ label }) => label), classes: labels.length };
    const seen = ofTexts === undefined ? examples : { ...examples, vectors: ofTexts };
    const { scores, rows: weights, bias, ...rest } = kernelTier(seen, choices, buckets, folds, progress);
    const fitted = bias.map(one => ({ bias: one }));
    return { scores, rows: shipped(weights, fitted, scores, rows), ...rest };
  };
  const { kernel: choices } = options;
  progress('n-grams alone');
  const fast = choices === undefined ? linearTier(rows, buckets) : kernelTierOf(choices);
  progress('n-grams and vectors');
  const model =
    choices === undefined
      ? linearTier(
          rows.map((row, at) => ({ ...row, vector: joined(row.vector, vectors[at]!, buckets) })),
          buckets + width,
        )
      : kernelTierOf(choices, vectors);
  const quick = fast.scores.map(scores => probabilitiesOf(scores, fast.rows));
  const sure = model.scores.map(scores => probabilitiesOf(scores, model.rows));
  const binary = labels.length === 2;
  const threshold = binary ? thresholdOf(sure, texts, options) : (options.threshold ?? 0);
  const between = binary ? openBetween(quick, texts, threshold) : { low: -1, high: 2 };
  const cascade = quick.map((q, at) => (q[1]! <= between.low || q[1]! >= between.high ? q : sure[at]!));
  const escalated = cascade.filter((p, at) => p === sure[at]).length / Math.max(1, texts.length);
  const tiers = { fast: quick, model: sure, ...(binary && { cascade }) };
  const results = Object.entries(tiers).map(
    ([name, judged]) => [name, binary ? flagged(judged, texts, folds, options) : right(judged, texts)] as const,
  );
  const answers = (judged: readonly Float32Array[]) => judged.map(said);
  const truths = texts.map(({ label }) => label);
  const card: HybridCard = {
    summary: options.summary,
    trained: options.date,
    data: sources.map(({ name, licence, texts: of }) => ({ name, licence, texts: of.length })),
    duplicates: { above: SAME, removed: model.removed },
    ...(model.chosen !== undefined && { chosen: model.chosen }),
    results: Object.fromEntries(results),
    ece: Object.fromEntries(
      Object.entries(tiers).map(([name, judged]) => [name, rounded(calibrationError(answers(judged), truths))]),
    ),
    labels: binary ? {} : perLabel(sure, texts, labels),
    escalated: rounded(escalated),
    failures: [...options.failures],
  };
  return {
    format: 1,
    form: 'hybrid',
    kind: options.kind,
    labels: [...labels],
    reads: options.reads,
    excerpt: options.excerpt,
    threshold: rounded(threshold),
    buckets,
    idf,
    fast: { ...fast.rows, low: rounded(between.low), high: rounded(between.high) },
    model: {
      ...model.rows,
      embedder: options.embedder,
      width,
      ...(model.kernel !== undefined && { kernel: { ...model.kernel, scales: [...model.kernel.scales] } }),
    },
    ...(language !== undefined && { glossary: language }),
    card,
  };
}

function textsOf(sources: readonly HybridSource[], labels: readonly string[]): Text[] {
  return sources.flatMap(({ name, texts, weight = 1 }) =>
    texts.map(({ text, label, group, key }) => ({
      text,
      label: labels.indexOf(label),
      group: group ?? name,
      key: key ?? text,
      weight,
    })),
  );
}

/** Near in one way or the other. */
function eitherNear(one: Folds, other: Folds): Folds {
  return { of: one.of, near: one.near.map((bits, at) => bits | other.near[at]!) };
}

/** Rows as a file holds them, calibrated by the scores that models gave to texts they did not see. */
function shipped(
  weights: readonly Float32Array[],
  fitted: readonly { readonly bias: number }[],
  scores: readonly Float32Array[],
  rows: readonly CrossRow[],
): HybridRows {
  const { slope, offset } = calibrated(scores, rows);
  return toRows(
    weights,
    fitted.map(({ bias }) => bias),
    slope,
    offset,
  );
}

function calibrated(scores: readonly Float32Array[], rows: readonly CrossRow[]): { slope: number; offset: number } {
  if (scores[0]?.length === 1) {
    return fitSigmoid(scores.map((score, at) => ({ score: score[0]!, belongs: rows[at]!.label === 1 })));
  }
  return { slope: 1 / fitTemperature({ logits: scores, labels: rows.map(({ label }) => label) }), offset: 0 };
}

/** The least probability at which no more of the named groups is flagged than may be. */
function thresholdOf(
  judged: readonly Float32Array[],
  texts: readonly Text[],
  { falsePositives }: TrainHybridOptions,
  counts: (at: number) => boolean = () => true,
): number {
  if (falsePositives === undefined) return 0.5;
  const negatives = [...texts.keys()]
    .filter(at => texts[at]!.label === 0 && falsePositives.groups.includes(texts[at]!.group) && counts(at))
    .map(at => judged[at]![1]!)
    .sort((a, b) => b - a);
  const allowed = Math.floor(negatives.length * falsePositives.share);
  return Math.min(0.99, (negatives[allowed] ?? 0.5) + 1e-4);
}

/** Between these the fast tier's word does not stand. */
function openBetween(quick: readonly Float32Array[], texts: readonly Text[], threshold: number) {
  const of = (label: number) =>
    quick.flatMap((p, at) => (texts[at]!.label === label ? [p[1]!] : [])).sort((a, b) => a - b);
  const [negatives, positives] = [of(0), of(1)];
  const low = positives[Math.floor(positives.length * LOST)] ?? 0;
  const high = negatives[Math.ceil(negatives.length * (1 - FLAGGED)) - 1] ?? 1;
  return { low: Math.min(low, threshold) - 1e-4, high: Math.max(high, threshold) + 1e-4 };
}

/** Share flagged of each group; in each fold at the threshold that the other folds give. */
function flagged(judged: readonly Float32Array[], texts: readonly Text[], folds: Folds, options: TrainHybridOptions) {
  const thresholds = Array.from({ length: FOLDS }, (_, fold) =>
    thresholdOf(judged, texts, options, at => folds.of[at] !== fold),
  );
  return shares(texts, at => judged[at]![1]! >= thresholds[folds.of[at]!]!);
}

function right(judged: readonly Float32Array[], texts: readonly Text[]) {
  return { ...shares(texts, at => said(judged[at]!).label === texts[at]!.label), ...all(judged, texts) };
}

function all(judged: readonly Float32Array[], texts: readonly Text[]) {
  return { all: shareOf(judged.filter((p, at) => said(p).label === texts[at]!.label).length, texts.length) };
}

function shares(texts: readonly Text[], holds: (at: number) => boolean): Record<string, ReturnType<typeof shareOf>> {
  const groups = new Map<string, { texts: number; held: number }>();
  for (const [at, { group }] of texts.entries()) {
    const counted = groups.get(group) ?? { texts: 0, held: 0 };
    counted.texts++;
    if (holds(at)) counted.held++;
    groups.set(group, counted);
  }
  return Object.fromEntries([...groups].map(([name, { texts: of, held }]) => [name, shareOf(held, of)]));
}

function shareOf(held: number, of: number) {
  const [low, high] = wilson(held / of, of);
  return { texts: of, share: rounded(held / of), interval: [rounded(low), rounded(high)] as [number, number] };
}

function perLabel(judged: readonly Float32Array[], texts: readonly Text[], labels: readonly string[]) {
  const answers = judged.map(p => said(p).label);
  return Object.fromEntries(
    labels.map((name, label) => {
      const of = texts.filter(text => text.label === label).length;
      const saidSo = answers.filter(answer => answer === label).length;
      const hit = answers.filter((answer, at) => answer === label && texts[at]!.label === label).length;
      return [
        name,
        { texts: of, recall: rounded(hit / Math.max(1, of)), precision: rounded(hit / Math.max(1, saidSo)) },
      ];
    }),
  );
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
