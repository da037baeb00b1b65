// From the samples of the rounds to the figures: medians and ranges, ratios taken within a round, and the bars they must meet.

/**
 * What is compared. `of` is the figure; `by: 'ratio'` divides the first system's by the second's within each round,
 * `'difference'` subtracts, `'value'` takes the first's alone. Without a bar it is reported only.
 */
const COMPARISONS = {
  weir_vs_bare_cpu: { of: 'cpu_us_per_request', systems: ['weir', 'bare'], by: 'ratio', at_most: 1.8 },
  weir_vs_bare_rps: { of: 'rps32', systems: ['weir', 'bare'], by: 'ratio', at_least: 0.55 },
  weir_vs_bare_streams: { of: 'streams_per_s', systems: ['weir', 'bare'], by: 'ratio', at_least: 0.75 },
  weir_minus_bare_rss_mb: { of: 'rss_mb', systems: ['weir', 'bare'], by: 'difference', at_most: 60 },
  weir_p50_added_ms: { of: 'p50_added_ms', systems: ['weir'], by: 'value', at_most: 0.4 },
  weir_p99_added_ms: { of: 'p99_added_ms', systems: ['weir'], by: 'value' },
  weir_vs_bare_stream_cpu: { of: 'cpu_us_per_stream', systems: ['weir', 'bare'], by: 'ratio' },
  weir_vs_usual_cpu: { of: 'cpu_us_per_request', systems: ['weir', 'usual'], by: 'ratio' },
  weir_vs_usual_rps: { of: 'rps32', systems: ['weir', 'usual'], by: 'ratio' },
  weir_vs_usual_streams: { of: 'streams_per_s', systems: ['weir', 'usual'], by: 'ratio' },
  weir_minus_usual_rss_mb: { of: 'rss_mb', systems: ['weir', 'usual'], by: 'difference' },
  governed_vs_weir_cpu: { of: 'cpu_us_per_request', systems: ['governed', 'weir'], by: 'ratio' },
  governed_vs_weir_rps: { of: 'rps32', systems: ['governed', 'weir'], by: 'ratio' },
  governed_vs_bare_cpu: { of: 'cpu_us_per_request', systems: ['governed', 'bare'], by: 'ratio' },
  governed_minus_weir_cpu_us: { of: 'cpu_us_per_request', systems: ['governed', 'weir'], by: 'difference' },
  weir_vs_portkey_rps: { of: 'rps32', systems: ['weir', 'portkey'], by: 'ratio', at_least: 5 },
  weir_vs_portkey_cpu: { of: 'cpu_us_per_request', systems: ['weir', 'portkey'], by: 'ratio' },
  weir_vs_portkey_streams: { of: 'streams_per_s', systems: ['weir', 'portkey'], by: 'ratio' },
};

/** Sizes (kB) whose ratios have bars; others are reported. */
const BARRED_SIZES = new Set([0.5, 32]);
export const PREFIX_LOOKUPS_PER_S = 100_000;
/** Growth of resident memory, MB, over the second half of a soak that still counts as flat. */
export const SOAK_GROWTH_MB = 10;

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Four significant digits: more would be noise. */
export const rounded = value => (Number.isFinite(value) ? Number(value.toPrecision(4)) : null);

const range = values => [rounded(Math.min(...values)), rounded(Math.max(...values))];

/** A row of the table: each figure's median, with the ranges beside them. */
export function row(samples) {
  const result = {};
  const ranges = {};
  for (const name of Object.keys(samples[0] ?? {})) {
    const values = samples.map(sample => sample[name]);
    result[name] = rounded(median(values));
    ranges[name] = range(values);
  }
  return { ...result, ranges };
}

/** A value held against its bar. */
export function judged(value, { at_most, at_least }) {
  if (at_most !== undefined) return { bar: { at_most }, ok: value <= at_most };
  if (at_least !== undefined) return { bar: { at_least }, ok: value >= at_least };
  return {};
}

/**
 * The ratios of one size.
 *
 * @param {Record<string, Record<string, number>[]>} samples per system, one sample a round, in the order of the rounds
 * @param {number} kilobytes
 */
export function ratios(samples, kilobytes) {
  const result = {};
  for (const [name, { of, systems, by, ...bar }] of Object.entries(COMPARISONS)) {
    const [first, second] = systems.map(system => samples[system]);
    if (first === undefined || (systems.length === 2 && second === undefined)) continue;
    const values = first.map((sample, round) => {
      const one = sample[of];
      if (by === 'value') return one;
      const other = second[round][of];
      return by === 'ratio' ? one / other : one - other;
    });
    const value = median(values);
    const [min, max] = range(values);
    result[name] = { value: rounded(value), min, max, ...(BARRED_SIZES.has(kilobytes) ? judged(value, bar) : {}) };
  }
  return result;
}

/** The names of the bars that were missed, with where. */
export function missed(report) {
  const names = [];
  const look = (where, compared) => {
    for (const [name, { ok }] of Object.entries(compared)) if (ok === false) names.push(`${name} (${where})`);
  };
  for (const [size, { ratios: compared }] of Object.entries(report.sizes)) look(`${size} kB`, compared);
  if (report.prefix_index?.ok === false) names.push('prefix index look-ups');
  if (report.soak !== undefined) look('soak', report.soak);
  return names;
}
