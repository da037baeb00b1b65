import type { DecisionRecord } from '#contract/record.js';
import type { Milliseconds, Usd } from '#contract/units.js';
import { TimeHistogram } from './histogram.js';

const COUNTS = [
  'requests',
  'answered',
  'failed',
  'cut',
  'cancelled',
  'refused',
  'promptTokens',
  'cachedTokens',
  'completionTokens',
  'costUsd',
  'baselineUsd',
  'joules',
] as const;

export type CountName = (typeof COUNTS)[number];

/** Sums over requests. */
export type Counts = Record<CountName, number>;

/** Models or decisions told apart in one span of time; what comes on top is counted as `other`. */
const MOST_NAMES = 32;
/** Pools are as many as a file may have: what replicas are recommended by is mixed with no other. */
const MOST_POOLS = 1024;

export function zeroCounts(): Counts {
  return Object.fromEntries(COUNTS.map(name => [name, 0])) as Counts;
}

/** What happened in one span of time. */
export class Tally {
  readonly counts = zeroCounts();
  readonly models = new Map<string, Counts>();
  readonly decisions = new Map<string, Counts>();
  /** By the pool that answered, or failed, last. */
  readonly pools = new Map<string, Counts>();
  /** By who asks and what takes the time: `agent, prefill-heavy`. */
  readonly kinds = new Map<string, Counts>();
  readonly ttft = new TimeHistogram();
  readonly e2e = new TimeHistogram();
  /** Tokens of prompts, of answers and of both, as engines reported them. */
  readonly prompts = new TimeHistogram();
  readonly outputs = new TimeHistogram();
  readonly totals = new TimeHistogram();

  constructor(readonly at: Milliseconds) {}

  /** @param baseline what the same tokens would have cost on the best model; `undefined` where nobody can tell. */
  observe(record: DecisionRecord, baseline: Usd | undefined): void {
    const { outcome, decision, profile } = record;
    count(this.counts, record, baseline);
    if (outcome.model !== '') count(entry(this.models, outcome.model), record, baseline);
    if (outcome.pool !== '') count(entry(this.pools, outcome.pool, MOST_POOLS), record, baseline);
    count(entry(this.decisions, decision), record, baseline);
    count(entry(this.kinds, kindOf(profile)), record, baseline);
    if (outcome.usage !== undefined) {
      const { promptTokens, completionTokens } = outcome.usage;
      this.prompts.add(promptTokens);
      this.outputs.add(completionTokens);
      this.totals.add(promptTokens + completionTokens);
    }
    // A fixed answer comes at once; it says nothing of how long models take.
    if (outcome.ttftMs !== undefined && outcome.model !== '') this.ttft.add(outcome.ttftMs);
    if (outcome.status === 'answered') this.e2e.add(outcome.e2eMs);
  }

  /** Adds what another span had. @returns this. */
  plus(other: Tally): this {
    add(this.counts, other.counts);
    for (const [name, counts] of other.models) add(entry(this.models, name), counts);
    for (const [name, counts] of other.decisions) add(entry(this.decisions, name), counts);
    for (const [name, counts] of other.pools) add(entry(this.pools, name, MOST_POOLS), counts);
    for (const [name, counts] of other.kinds) add(entry(this.kinds, name), counts);
    this.ttft.merge(other.ttft);
    this.prompts.merge(other.prompts);
    this.outputs.merge(other.outputs);
    this.totals.merge(other.totals);
    this.e2e.merge(other.e2e);
    return this;
  }

  toJSON(): object {
    const { counts, ttft, e2e, prompts, outputs, totals } = this;
    return {
      ...{ counts, ttft, e2e, prompts, outputs, totals },
      models: Object.fromEntries(this.models),
      decisions: Object.fromEntries(this.decisions),
      kinds: Object.fromEntries(this.kinds),
      pools: Object.fromEntries(this.pools),
    };
  }

  /** What {@link Tally.toJSON} gave; `undefined` when the text is something else. */
  static read(at: Milliseconds, json: string): Tally | undefined {
    try {
      const { counts, models, decisions, ttft, e2e, ...newer } = JSON.parse(json) as Kept;
      const tally = new Tally(at);
      add(tally.counts, counts);
      for (const [name, sums] of Object.entries(models)) add(entry(tally.models, name), sums);
      for (const [name, sums] of Object.entries(decisions)) add(entry(tally.decisions, name), sums);
      for (const [name, sums] of Object.entries(newer.kinds ?? {})) add(entry(tally.kinds, name), sums);
      for (const [name, sums] of Object.entries(newer.pools ?? {})) add(entry(tally.pools, name, MOST_POOLS), sums);
      for (const name of LENGTHS) tally[name].merge(TimeHistogram.from(newer[name] ?? []));
      tally.ttft.merge(TimeHistogram.from(ttft));
      tally.e2e.merge(TimeHistogram.from(e2e));
      return tally;
    } catch {
      return undefined;
    }
  }
}

const LENGTHS = ['prompts', 'outputs', 'totals'] as const;

/** What was kept by an earlier version has no kinds, pools and lengths. */
interface Kept {
  readonly counts: Counts;
  readonly models: Readonly<Record<string, Counts>>;
  readonly decisions: Readonly<Record<string, Counts>>;
  readonly ttft: readonly [number, number][];
  readonly e2e: readonly [number, number][];
  readonly kinds?: Readonly<Record<string, Counts>>;
  readonly pools?: Readonly<Record<string, Counts>>;
  readonly prompts?: readonly [number, number][];
  readonly outputs?: readonly [number, number][];
  readonly totals?: readonly [number, number][];
}

function kindOf({ archetype, heaviness }: DecisionRecord['profile']): string {
  return heaviness === 'balanced' ? archetype : `${archetype}, ${heaviness}-heavy`;
}

function count(counts: Counts, { outcome }: DecisionRecord, baseline: Usd | undefined): void {
  const { status, usage, costUsd, joules } = outcome;
  counts.requests++;
  counts[status]++;
  if (usage !== undefined) {
    counts.promptTokens += usage.promptTokens;
    counts.cachedTokens += usage.cachedTokens;
    counts.completionTokens += usage.completionTokens;
  }
  if (costUsd !== undefined) {
    counts.costUsd += costUsd;
    counts.baselineUsd += baseline ?? costUsd;
  }
  if (joules !== undefined) counts.joules += joules;
}

function add(counts: Counts, more: Readonly<Partial<Counts>>): void {
  for (const name of COUNTS) counts[name] += more[name] ?? 0;
}

function entry(map: Map<string, Counts>, name: string, most = MOST_NAMES): Counts {
  const key = map.has(name) || map.size < most ? name : 'other';
  let counts = map.get(key);
  if (counts === undefined) {
    counts = zeroCounts();
    map.set(key, counts);
  }
  return counts;
}
