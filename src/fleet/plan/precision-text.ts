import type { PlanReport } from './report.js';

/** What weights and KV of a plan are: `weights fp8, KV bf16`. */
export function precisionText({ weights, kv_cache: kv }: Pick<PlanReport, 'weights' | 'kv_cache'>): string {
  return `weights ${weights}, KV ${kv}`;
}
