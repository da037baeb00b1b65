import type { Milliseconds, Usd } from '#contract/units.js';
import type { BuyingWish } from '#fleet/plan/buying.js';
import type { PlanOptions } from '#fleet/plan/plan-options.js';
import type { PlanReport } from '#fleet/plan/report.js';
import type { SimulationReport } from '#fleet/simulate/report.js';
import type { SeedIntervals } from '#fleet/simulate/seed-runs.js';
import type { FleetMoment } from '#fleet/twin/moments.js';
import type { WhatIfReport } from '#fleet/what-if/what-if.js';
import type { PriceKind } from '#pool/engine/catalogue/schema.js';
import type { Refusal, TraceRequest } from '#workload/traces/trace.js';

/** Where the requests of a job come from. */
export type TraceSource =
  | { readonly from: 'generated'; readonly kind: string; readonly requests: number; readonly rate: number }
  /** A file of any known format, as it is. */
  | { readonly from: 'text'; readonly text: string }
  /** Drawn from a distribution of total tokens: knots of {@link LengthCdf}. */
  | {
      readonly from: 'cdf';
      readonly cdf: readonly (readonly number[])[];
      readonly requests: number;
      readonly rate: number;
    }
  /** What a gateway answered; `startedAt` is the wall time of arrival 0. */
  | {
      readonly from: 'requests';
      readonly requests: readonly TraceRequest[];
      readonly startedAt?: Milliseconds | undefined;
    };

/** The cheapest fleet for a trace. */
export interface PlanJob {
  readonly kind: 'plan';
  readonly trace: TraceSource;
  readonly model: string;
  readonly gpus: readonly string[];
  readonly weights?: PlanOptions['weights'] | undefined;
  readonly kvCache?: PlanOptions['kvCache'] | undefined;
  readonly slo: { readonly ttftP99Ms: Milliseconds; readonly tpotMs: Milliseconds };
  /** Requests a second; the trace's own unless said. */
  readonly rate?: number | undefined;
  /** USD an hour: the largest rate that they carry is sought. */
  readonly budget?: Usd | undefined;
  readonly price: PriceKind;
  readonly provider?: string | undefined;
  readonly buying: Omit<BuyingWish, 'provider'>;
  readonly disaggregate?: PlanOptions['disaggregate'] | undefined;
  readonly tiers?: PlanOptions['tiers'] | undefined;
  readonly overTime?: PlanOptions['overTime'] | undefined;
  readonly seed: number;
  /** The text of a catalogue that goes before the built-in one. */
  readonly catalogue?: string | undefined;
}

/** The text of a `weir.yaml` and the file that it is of. */
export interface ConfigurationText {
  readonly text: string;
  readonly file: string;
  /** What it is called in a report. */
  readonly called: string;
}

/** A trace through a configuration. */
export interface SimulationJob {
  readonly kind: 'simulation';
  readonly trace: TraceSource;
  readonly configuration: ConfigurationText;
  /** What requests ask for, a model or a virtual name. */
  readonly model?: string | undefined;
  /** Requests a second, Poisson, in place of the times of the trace. */
  readonly rate?: number | undefined;
  readonly rateScale: number;
  /** Requests of the first so long are left out of times. */
  readonly warmUpMs?: Milliseconds | undefined;
  /** Runs: all but the first with other draws. */
  readonly seeds: number;
  /** Of the first run; the others follow it. */
  readonly seed: number;
  /** The text of a catalogue that goes before the built-in one. */
  readonly catalogue?: string | undefined;
}

/** A trace through two configurations. */
export interface WhatIfJob {
  readonly kind: 'what-if';
  readonly trace: TraceSource;
  readonly first: ConfigurationText;
  readonly second: ConfigurationText;
  /** What requests ask for, a model or a virtual name. */
  readonly model?: string | undefined;
  /** Requests a second, Poisson, in place of the times of the trace. */
  readonly rate?: number | undefined;
  readonly rateScale: number;
  /** Arrival patterns: at least two. */
  readonly seeds: number;
  /** Of the first pattern; the others follow it. */
  readonly seed: number;
  /** The text of a catalogue that goes before the built-in one. */
  readonly catalogue?: string | undefined;
}

export type Job = PlanJob | SimulationJob | WhatIfJob;

/** How many requests were read, and why rows were left out, the most frequent reason first. */
export interface TraceRead {
  readonly requests: number;
  readonly refusals: readonly Refusal[];
}

/** A result as one HTML file, as `--html` of the commands writes it. */
export interface ReportPage {
  readonly file: string;
  readonly html: string;
}

/** What went wrong; `path` is a field of the request that asked for the job, with the place within it after a colon. */
export interface JobFailure {
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly hint?: string;
}

/** A file of the fleet of a plan, as `weir plan --emit` writes it. */
export interface PlannedFile {
  readonly path: string;
  readonly text: string;
}

/** The report of a simulation, and what its metrics are over several runs where there were some. */
export type SimulationTold = SimulationReport & { readonly intervals?: SeedIntervals };

/**
 * What is told of a job: how far it is, what was read, a moment of virtual time, files of a plan, its result as a page, and at the end that result
 * or what went wrong.
 */
export type JobEvent =
  | { readonly name: 'progress'; readonly data: { readonly text: string; readonly share?: number } }
  | { readonly name: 'moment'; readonly data: FleetMoment }
  | { readonly name: 'files'; readonly data: { readonly files: readonly PlannedFile[] } }
  | { readonly name: 'trace'; readonly data: TraceRead }
  | { readonly name: 'page'; readonly data: ReportPage }
  | { readonly name: 'plan'; readonly data: PlanReport }
  | { readonly name: 'simulation'; readonly data: SimulationTold }
  | { readonly name: 'comparison'; readonly data: WhatIfReport }
  | { readonly name: 'failed'; readonly data: JobFailure };

/** Whether nothing comes after an event. */
export function isLast(event: JobEvent): boolean {
  return !isPassing(event) && event.name !== 'trace' && event.name !== 'files' && event.name !== 'page';
}

/** Whether an event may be missed: the next one says as much. */
export function isPassing({ name }: JobEvent): boolean {
  return name === 'progress' || name === 'moment';
}
