import type { Usage } from '#contract/outcome.js';
import type { PlacementRequest, ReplicaScore, ScoreParts } from '#contract/placement.js';
import type { Random } from '#contract/random.js';
import type { BlockLedger } from './blocks/block-ledger.js';
import { objection } from './filters.js';
import { prefixLeftOut } from './left-out.js';
import type { Picker } from './picker.js';
import type { Choice, Placer, ReplicaView } from './placer.js';
import type { PrefixClaim } from './prefix-claims.js';
import type { PrefixMatch } from './prefix-index.js';
import type { PrefixMemory } from './prefix-memory.js';
import { prefixTiers } from './prefix-tiers.js';
import type { Candidates, Scorer } from './scorer.js';
import { Shortlist } from './shortlist.js';

/** Losers that are named: the best of them, then what the filters took out. */
const MOST_LOSERS = 8;

export interface ScoredPlacerParts {
  readonly name: string;
  readonly scorers: readonly Scorer[];
  readonly picker: Picker;
  readonly random: Random;
  /** Where the prompts went so far; only for a placer whose scorers ask. */
  readonly memory?: PrefixMemory | undefined;
  /** Most replicas that are scored for one request; all of them unless said. */
  readonly candidates?: number | undefined;
}

/** Filters, then scorers, then a picker. A replica's score is the mean of its scores, weighted by what each is worth: in [0, 1]. */
export class ScoredPlacer implements Placer {
  readonly name: string;
  private readonly open: ReplicaView[] = [];
  private readonly shortlist: Shortlist;
  private readonly told: readonly Scorer[];
  /** The one list of candidates, filled anew for each request. */
  private readonly running: { -readonly [Key in keyof Candidates]: Candidates[Key] };
  private totals = new Float64Array(16);
  /** Scores of one choice, a row for each scorer, and what each scorer's range is worth. */
  private readonly rows: Float64Array[];
  private readonly worths: Float64Array;
  /** The best of the losers of one choice, by their place among the candidates. */
  private readonly best = new Int32Array(MOST_LOSERS);
  /** The choice that all of these are of. */
  private latest: Choice | undefined;
  private chosen = 0;

  constructor(private readonly parts: ScoredPlacerParts) {
    this.name = parts.name;
    this.shortlist = new Shortlist(parts.candidates ?? Number.POSITIVE_INFINITY, parts.random);
    this.told = parts.scorers.filter(({ committed }) => committed !== undefined);
    this.rows = parts.scorers.map(() => new Float64Array(16));
    this.worths = new Float64Array(parts.scorers.length);
    this.running = { request: NOBODY, replicas: this.open, match: undefined, heat: undefined };
  }

  get blocks(): BlockLedger | undefined {
    return this.parts.memory?.blocks;
  }

  choose(request: PlacementRequest, replicas: readonly ReplicaView[]): Choice | undefined {
    const { memory, picker, random } = this.parts;
    const match = memory?.match(request, replicas[0]);
    const { open } = this;
    this.shortlist.fill(request, replicas, match, open);
    if (open.length === 0) return undefined;

    this.score(request, match);
    const chosen = picker.pick(open, this.totals, random);
    const replica = open[chosen]!;
    memory?.noted(replica, request.prefix.blockTokens);
    this.chosen = chosen;
    const leftOut = prefixLeftOut(request, replicas, match, open);
    const tiers = prefixTiers(request, match, replica.id);
    this.latest = {
      replica,
      score: this.totals[chosen]!,
      expectedPrefixTokens:
        match === undefined
          ? 0
          : Math.min(request.promptTokens, Math.floor(match.blocksOn(replica.id) * request.prefix.blockTokens)),
      ...(match?.known?.(replica.id) === true ? { prefixSource: 'events' } : undefined),
      ...(tiers === undefined ? undefined : { prefixTiers: tiers }),
      losers: this.losers(request, replicas, chosen),
      ...(leftOut === undefined ? undefined : { prefixLeftOut: leftOut }),
      considered: replicas.length,
    };
    return this.latest;
  }

  partsOf(choice: Choice): ScoreParts | undefined {
    if (choice !== this.latest || this.open.length < 2) return undefined;
    const { worths, best, open } = this;
    let worth = 0;
    let weighed = 0;
    for (const range of worths) {
      worth += range;
      if (range > 0) weighed += 1;
    }
    if (weighed < 2 || !Number.isFinite(worth)) return undefined;
    const scorers: ScoreParts['scorers'][number][] = [];
    for (let row = 0; row < worths.length; row++) {
      if (worths[row]! > 0) scorers.push({ name: this.parts.scorers[row]!.name, weight: digits(worths[row]! / worth) });
    }
    const losers: number[][] = [];
    for (let i = 0; i < Math.min(MOST_LOSERS, open.length - 1); i++) losers.push(this.scoresOf(best[i]!, weighed));
    return { scorers, chosen: this.scoresOf(this.chosen, weighed), losers };
  }

  begin(request: PlacementRequest, replica: string): PrefixClaim | undefined {
    return this.parts.memory?.begin(request, replica);
  }

  committed(request: PlacementRequest, replica: string, claim?: PrefixClaim): void {
    const { memory, picker } = this.parts;
    if (this.told.length > 0) {
      const cold = memory === undefined || memory.isCold(request);
      for (const scorer of this.told) scorer.committed?.(request, replica, cold);
    }
    memory?.committed(request, replica, claim);
    picker.committed?.(replica);
  }

  ended(claim: PrefixClaim, computed: boolean, usage: Usage | undefined): void {
    this.parts.memory?.ended(claim, computed, usage);
  }

  forget(replica: string): void {
    this.parts.memory?.forget(replica);
    this.parts.picker.forget?.(replica);
    for (const scorer of this.parts.scorers) scorer.forget?.(replica);
  }

  private score(request: PlacementRequest, match: PrefixMatch | undefined): void {
    const count = this.open.length;
    if (this.totals.length < count) {
      this.totals = new Float64Array(2 * count);
      for (let row = 0; row < this.rows.length; row++) this.rows[row] = new Float64Array(2 * count);
    }
    const { totals, rows, worths, running } = this;
    running.request = request;
    running.match = match;
    running.heat = match && this.parts.memory?.heatOf(request, match);
    totals.fill(0, 0, count);
    let worth = 0;
    const { scorers } = this.parts;
    for (let row = 0; row < scorers.length; row++) {
      const scores = rows[row]!;
      const range = Math.max(0, scorers[row]!.score(running, scores));
      worths[row] = range;
      if (range === 0) continue;
      worth += range;
      for (let i = 0; i < count; i++) totals[i]! += range * scores[i]!;
    }
    for (let i = 0; i < count; i++) totals[i] = worth > 0 ? totals[i]! / worth : 1;
  }

  /** What each scorer that told the candidates apart gave one of them. */
  private scoresOf(candidate: number, weighed: number): number[] {
    const { worths, rows } = this;
    const scores = new Array<number>(weighed);
    let at = 0;
    for (let row = 0; row < rows.length; row++) if (worths[row]! > 0) scores[at++] = digits(rows[row]![candidate]!);
    return scores;
  }

  private losers(request: PlacementRequest, replicas: readonly ReplicaView[], chosen: number): readonly ReplicaScore[] {
    const { open, totals, best } = this;
    let named = 0;
    for (let i = 0; i < open.length; i++) {
      if (i === chosen || (named === MOST_LOSERS && totals[i]! <= totals[best[named - 1]!]!)) continue;
      let at = named < MOST_LOSERS ? named++ : named - 1;
      for (; at > 0 && totals[best[at - 1]!]! < totals[i]!; at--) best[at] = best[at - 1]!;
      best[at] = i;
    }
    const losers: ReplicaScore[] = [];
    for (let i = 0; i < named; i++) losers.push({ replica: open[best[i]!]!.id, score: totals[best[i]!]! });
    if (open.length === replicas.length) return losers;
    for (const replica of replicas) {
      if (losers.length === MOST_LOSERS) break;
      const filtered = objection(request, replica);
      if (filtered !== undefined) losers.push({ replica: replica.id, score: 0, filtered });
    }
    return losers;
  }
}

/** To three digits behind the point: what people compare. */
function digits(value: number): number {
  return Math.round(1000 * value) / 1000;
}

const NOBODY: PlacementRequest = {
  model: '',
  promptTokens: 0,
  outputTokens: 0,
  prefix: { hashes: [], blockTokens: 1 },
  session: '',
  constraints: {},
  exclude: [],
};
