import type { Milliseconds } from '#contract/units.js';
import type { BuyingWish } from '#fleet/plan/buying.js';
import type { PlanOptions } from '#fleet/plan/plan.js';
import type { PlanReport } from '#fleet/plan/report.js';
import type { SimulationReport } from '#fleet/simulate/report.js';
import type { FleetMoment } from '#fleet/twin/moments.js';
import type { WhatIfReport } from '#fleet/what-if/what-if.js';
import type { PriceKind } from '#pool/engine/catalogue/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** Where the requests of a job come from. */
export type TraceSource =
  | { readonly from: 'generated'; readonly kind: string; readonly requests: number; readonly rate: number }
  /** A file of any known format, as it is. */
  | { readonly from: 'text'; readonly text: string }
  | { readonly from: 'requests'; readonly requests: readonly TraceRequest[] };

/** The cheapest fleet for a trace. */
export interface PlanJob {
  readonly kind: 'plan';
  readonly trace: TraceSource;
  readonly model: string;
  readonly gpus: readonly string[];
  readonly slo: { readonly ttftP99Ms: Milliseconds; readonly tpotMs: Milliseconds };
  /** Requests a second; the trace's own unless said. */
  readonly rate?: number | undefined;
  readonly price: PriceKind;
  readonly provider?: string | undefined;
  readonly buying: Omit<BuyingWish, 'provider'>;
  readonly disaggregate?: PlanOptions['disaggregate'] | undefined;
  readonly overTime?: PlanOptions['overTime'] | undefined;
  readonly seed: number;
  /** The text of a catalogue that goes before the built-in one. */
  readonly catalogue?: string | undefined;
}

/** The text of a `weir.yaml` and the file that it is of. */
export interface ConfigurationText {
  readonly text: string;
  readonly file: string;
}

/** A trace through a configuration. */
export interface SimulationJob {
  readonly kind: 'simulation';
  readonly trace: TraceSource;
  readonly configuration: ConfigurationText;
  readonly rateScale: number;
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

/** A file of the fleet of a plan, as `weir plan --emit` writes it. */
export interface PlannedFile {
  readonly path: string;
  readonly text: string;
}

/** What is told of a job: how far it is, a moment of virtual time, files of a plan, and at the end its result or what went wrong. */
export type JobEvent =
  | { readonly name: 'progress'; readonly data: { readonly text: string; readonly share?: number } }
  | { readonly name: 'moment'; readonly data: FleetMoment }
  | { readonly name: 'files'; readonly data: { readonly files: readonly PlannedFile[] } }
  | { readonly name: 'plan'; readonly data: PlanReport }
  | { readonly name: 'simulation'; readonly data: SimulationReport }
  | { readonly name: 'comparison'; readonly data: WhatIfReport }
  | {
      readonly name: 'failed';
      readonly data: {
        readonly code: string;
        readonly message: string;
        readonly path?: string;
        readonly hint?: string;
      };
    };

/** Whether nothing comes after an event. */
export function isLast({ name }: JobEvent): boolean {
  return name !== 'progress' && name !== 'moment' && name !== 'files';
}
