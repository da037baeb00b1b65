import type { PlanReport } from '#fleet/plan/report.js';
import { timeText } from '#fleet/time-text.js';

/** What a budget carries, and what ends it. */
export function carried({ budget }: PlanReport): readonly string[] {
  if (budget === null) return [];
  const { usd_per_hour: usd, left_usd_per_hour: left, rate, times_trace: times, lasts_s: seconds, because } = budget;
  return [
    '',
    `$${usd.toFixed(2)}/h carries ${rate.toFixed(2)} requests/s, ${times.toPrecision(3)} times as many as come; $${left.toFixed(2)}/h is left`,
    ...because.map(line => `  ${line}`),
    `  the requests that were played last ${timeText(1000 * seconds)} at that rate`,
  ];
}
