import type { Tokens } from '#contract/units.js';
import type { Catalogue } from '#fleet/catalogue.js';
import { precisionText } from '#fleet/plan/precision-text.js';
import type { FleetReport, PlanReport, PoolReport, TiersReport } from '#fleet/plan/report.js';
import type { Gpu } from '#pool/engine/hardware.js';
import { findGpu } from '#pool/engine/hardware.js';
import { findModel, type ModelShape } from '#pool/engine/models.js';
import type { KvPrecision, WeightPrecision } from '#pool/engine/precision.js';

/** A pool to be run: the plan's numbers and the names that its files share. */
export interface EmittedPool extends Pick<PoolReport, 'gpu' | 'tp' | 'replicas' | 'gpus' | 'boundary' | 'price'> {
  /** Name of the pool, of its StatefulSet and of its Service. */
  readonly name: string;
  readonly hardware: Gpu;
  /** The pool that computes its prompts, and gigabytes of KV a second from there. */
  readonly prefill?: { readonly pool: string; readonly link: number };
  /** KV behind its GPUs, of the whole replica. */
  readonly memory?: { readonly host: EmittedTier; readonly disk?: EmittedTier };
  /** Whether KV goes from or to its engines. */
  readonly transfers: boolean;
}

/** Gigabytes of a replica, and gigabytes a second that each of its GPUs reads of them. */
export interface EmittedTier {
  readonly gb: number;
  readonly link: number;
}

/** A planned fleet as files describe it. */
export interface EmittedFleet {
  readonly report: FleetReport;
  readonly model: ModelShape;
  readonly weights: WeightPrecision;
  readonly kvCache: KvPrecision;
  readonly pools: readonly EmittedPool[];
  /** Context window of all engines. A pool's boundary is the gateway's alone: an answer may turn out longer than was expected. */
  readonly window: Tokens;
  readonly namespace: string;
  /** In a sentence, for the heads of files. */
  readonly summary: string;
}

/** Sequences that an engine runs at once: vLLM's default, and what the engine model assumes. */
export const MOST_SEQUENCES = 256;
export const PORT = 8000;

/** The best fleet of a plan, with names. */
export function emittedFleet(
  plan: PlanReport,
  catalogue: Catalogue,
  namespace = 'weir-fleet',
): EmittedFleet | undefined {
  const { best, slo } = plan;
  if (best === null) return undefined;
  const model = findModel(plan.model, catalogue.models);
  const base = model.name.replace(/[^a-z0-9]+/g, '-');
  const pools = best.pools.flatMap(({ prefill, tiers, ...pool }, i): readonly EmittedPool[] => {
    const name = best.pools.length === 1 ? base : `${base}-${i + 1}`;
    const answers = {
      ...{ ...pool, name, hardware: findGpu(pool.gpu, catalogue.gpus), transfers: prefill !== null },
      ...(tiers !== null && { memory: memoryOf(tiers, pool.tp) }),
    };
    if (prefill === null) return [answers];
    const { link, tiers: behind, ...prompts } = prefill;
    const hardware = findGpu(prompts.gpu, catalogue.gpus);
    const own = `${name}-prefill`;
    return [
      { ...answers, prefill: { pool: own, link } },
      {
        ...{ ...prompts, name: own, hardware, boundary: null, transfers: true },
        ...(behind !== null && { memory: memoryOf(behind, prompts.tp) }),
      },
    ];
  });
  const low = best.verified.p99_ttft_ms.toFixed(0);
  return {
    ...{ report: best, model, weights: plan.weights, kvCache: plan.kv_cache, pools, namespace },
    window: Math.max(...best.pools.map(({ context }) => context)),
    summary:
      `${plan.rate.toFixed(2)} requests/s of ${model.name}, ${precisionText(plan)}, P99 TTFT ≤ ${slo.ttft_p99_ms} ms, TPOT ≤ ${slo.tpot_ms} ms: ` +
      `$${best.usd_per_hour.toFixed(2)}/h, P99 TTFT ${low} ms in the twin`,
  };
}

function memoryOf({ host, disk }: TiersReport, tp: number) {
  const whole = ({ gb, link }: EmittedTier): EmittedTier => ({ gb: gb * tp, link });
  return { host: whole(host), ...(disk !== null && { disk: whole(disk) }) };
}

/** Addresses of a pool's replicas, by the names that a StatefulSet gives its pods. */
export function replicaUrls({ name, replicas }: EmittedPool, namespace: string): readonly string[] {
  return Array.from(
    { length: replicas },
    (_, i) => `http://${name}-${i}.${name}.${namespace}.svc.cluster.local:${PORT}`,
  );
}
