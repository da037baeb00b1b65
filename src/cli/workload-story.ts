import type { Distribution } from '#contract/distribution.js';
import { formatDuration } from '#contract/units.js';
import type { WorkloadShape } from '#workload/shape/inspect.js';
import type { Trace } from '#workload/traces/trace.js';

/** What `weir trace inspect --json` prints: names that other programs rely on. */
export type WorkloadReport = ReturnType<typeof reportOf>;

export function reportOf(trace: Trace, shape: WorkloadShape) {
  const { lengths, arrivals, overTime, reuse, sessions, drift, archetype } = shape;
  return {
    format: trace.format,
    rows: trace.requests.length,
    refused: trace.refused,
    refusals: trace.refusals,
    estimated: trace.estimated,
    timed: trace.timed,
    started_at: trace.startedAt === undefined ? null : new Date(trace.startedAt).toISOString(),
    duration_s: arrivals === undefined ? null : arrivals.durationMs / 1000,
    rate: arrivals?.rate ?? null,
    interarrival_cv2: arrivals?.interarrivalCv2 ?? null,
    dispersion_per_minute: arrivals?.dispersionPerMinute ?? null,
    peak_over_mean: arrivals?.peakOverMean ?? null,
    rate_over_time: overTime ?? null,
    prompt: lengths.prompt,
    output: lengths.output,
    total: lengths.total,
    output_share: lengths.outputShare,
    length_correlation: lengths.correlation,
    total_cdf: lengths.totalCdf,
    joint: lengths.joint,
    prefix_reuse:
      reuse === undefined
        ? null
        : {
            block_tokens: reuse.blockTokens,
            blocks: reuse.blocks,
            distinct_blocks: reuse.distinctBlocks,
            infinite: reuse.infinite,
            by_size: reuse.bySize.map(({ blocks, tokens, hitRate }) => ({ blocks, tokens, hit_rate: hitRate })),
            requests: reuse.requests,
          },
    sessions: sessions?.sessions ?? null,
    session_shape:
      sessions === undefined
        ? null
        : {
            from: sessions.from,
            turns: sessions.turns,
            later_turns: sessions.laterTurns,
            gap_ms: sessions.gapMs,
            growth_tokens: sessions.growthTokens,
          },
    archetype: archetype.name,
    caller: archetype.caller,
    warmth: archetype.warmth,
    heaviness: archetype.heaviness,
    arrivals: archetype.arrivals,
    archetype_evidence: archetype.evidence,
    drift:
      drift === undefined
        ? null
        : {
            lengths: drift.lengths,
            lengths_critical: drift.lengthsCritical,
            rate: drift.rate ?? null,
            prompt_median: drift.promptMedian,
            output_median: drift.outputMedian,
          },
  };
}

/** The report for people. */
export function renderWorkload(report: WorkloadReport): string {
  const lines: string[] = [];
  const say = (label: string, text: string) => lines.push(`${label.padEnd(12)} ${text}`);
  say('trace', `${report.rows} requests, ${report.format}; rows left out: ${report.refused}`);
  for (const { reason, rows, line } of report.refusals) say('', `${rows} × ${reason} (first in line ${line})`);
  if (report.estimated > 0) say('', `tokens of ${report.estimated} requests are estimated from their text`);
  if (report.rate === null) say('arrivals', 'the trace has no times');
  else {
    const {
      duration_s: seconds,
      interarrival_cv2: cv2,
      dispersion_per_minute: dispersion,
      peak_over_mean: peak,
    } = report;
    say(
      'arrivals',
      `${report.rate.toFixed(2)}/s over ${formatDuration(1000 * (seconds ?? 0))}${from(report.started_at)}`,
    );
    say(
      '',
      `gaps cv² ${cv2?.toFixed(2)}; minutes: variance/mean ${dispersion?.toFixed(1)}, peak/mean ${peak?.toFixed(2)}`,
    );
  }
  const over = report.rate_over_time;
  if (over !== null) {
    const by = over.by === 'hour' ? 'by hour of the day (UTC)' : `in ${over.relative.length} equal parts`;
    say('', `${spark(over.relative)} ${by}`);
  }
  say('prompt', tokens(report.prompt));
  say('output', tokens(report.output));
  say('total', `${tokens(report.total)}; cv² ${report.total.cv2.toFixed(2)}; ${percent(report.output_share)} output`);
  say('', report.total_cdf.map(([limit, share]) => `≤${limit} ${percent(share)}`).join(', '));
  say('', `rank correlation of prompt and output ${report.length_correlation.toFixed(2)}`);
  const reuse = report.prefix_reuse;
  if (reuse !== null) {
    say(
      'prefixes',
      `${percent(reuse.infinite)} of ${reuse.blocks} blocks of ${reuse.block_tokens} tokens were seen before`,
    );
    say('', reuse.by_size.map(({ blocks, hit_rate }) => `${blocks} ${percent(hit_rate)}`).join(', '));
    if (reuse.requests < report.rows) say('', `of the first ${reuse.requests} requests; more is not counted`);
  }
  const sessions = report.session_shape;
  if (sessions !== null) {
    const { turns, gap_ms: gap, growth_tokens: growth } = sessions;
    say(
      'sessions',
      `${report.sessions} (${sessions.from}), turns mean ${turns.mean.toFixed(2)}, P90 ${turns.p90}, P99 ${turns.p99}`,
    );
    say(
      '',
      `${percent(sessions.later_turns)} later turns; gap P50 ${formatDuration(gap.p50)}, growth P50 ${growth.p50} tokens`,
    );
  }
  const { caller, warmth, heaviness, arrivals } = report;
  say('archetype', `${report.archetype}; ${caller}, ${warmth}, ${heaviness}, arrivals ${arrivals}`);
  for (const each of report.archetype_evidence) say('', each);
  const { drift } = report;
  if (drift !== null) {
    const moved = drift.lengths > drift.lengths_critical ? 'more' : 'no more';
    say(
      'drift',
      `lengths moved by ${drift.lengths.toFixed(3)}, ${moved} than chance would (${drift.lengths_critical.toFixed(3)})`,
    );
    say(
      '',
      `last third over first: ${drift.rate === null ? '' : `rate ${drift.rate.toFixed(2)}, `}prompt ${drift.prompt_median.toFixed(2)}, output ${drift.output_median.toFixed(2)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function tokens({ mean, p50, p90, p99 }: Distribution): string {
  return `mean ${mean.toFixed(1)}, P50 ${p50}, P90 ${p90}, P99 ${p99}`;
}

function from(startedAt: string | null): string {
  return startedAt === null ? '' : ` from ${startedAt}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

const BARS = '▁▂▃▄▅▆▇█';

function spark(values: readonly number[]): string {
  const most = Math.max(...values, 1e-9);
  return values.map(value => BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))]).join('');
}
