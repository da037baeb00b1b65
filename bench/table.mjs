// The report for people.

const COLUMNS = {
  rps32: 'req/s',
  cpu_us_per_request: 'CPU µs/req',
  p50_added_ms: '+p50 ms',
  p99_added_ms: '+p99 ms',
  streams_per_s: 'streams/s',
  events_per_s: 'events/s',
  cpu_us_per_stream: 'CPU µs/stream',
  rss_mb: 'RSS MB',
  rss_peak_mb: 'peak MB',
};

const figure = value => (value === null || value === undefined ? '–' : String(Number(value.toPrecision(3))));

function aligned(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map(line => line[column].length)));
  return lines.map(line =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '),
  );
}

/** A bar and whether it is met, in words. */
function verdict({ bar, ok }) {
  if (bar === undefined) return '';
  const text = bar.at_most === undefined ? `≥ ${bar.at_least}` : `≤ ${bar.at_most}`;
  return `${ok ? 'ok  ' : 'MISS'} ${text}`;
}

/** Object keys that are whole numbers come before all others, whatever order they were set in. */
const bySize = sizes => Object.entries(sizes).sort(([a], [b]) => Number(a) - Number(b));

export function tableOf(report) {
  const text = [];
  const { hardware } = report;
  text.push(
    `${hardware.cpu}, ${hardware.cores} cores, Node ${report.node}, load ${hardware.load_before} → ${hardware.load_after}`,
  );
  for (const [size, { rows, ratios, ceiling }] of bySize(report.sizes)) {
    text.push('', `${size} kB bodies, ${report.rounds} rounds of ${report.seconds} s, median (min..max)`);
    const cell = (row, name) => {
      const range = row.ranges?.[name];
      return range === undefined ? '–' : `${figure(row[name])} (${figure(range[0])}..${figure(range[1])})`;
    };
    const lines = [['', ...Object.values(COLUMNS)]];
    for (const [name, row] of Object.entries(rows))
      lines.push([name, ...Object.keys(COLUMNS).map(column => cell(row, column))]);
    text.push(...aligned(lines));
    text.push(
      `ceiling: the load generator straight at the mock does ${figure(ceiling.rps32)} req/s (mock ${figure(ceiling.cpu_us_per_request)} µs, load ${figure(ceiling.load_us_per_request)} µs a request) and ${figure(ceiling.streams_per_s)} streams/s; p50 ${figure(ceiling.p50_ms)} ms, p99 ${figure(ceiling.p99_ms)} ms`,
    );
    const compared = Object.entries(ratios).map(([name, ratio]) => [
      name,
      figure(ratio.value),
      `${figure(ratio.min)}..${figure(ratio.max)}`,
      verdict(ratio),
    ]);
    if (compared.length > 0) text.push(...aligned([['within a round', 'median', 'range', 'bar'], ...compared]));
  }
  if (report.prefix_index !== undefined) {
    const { lookups_per_s } = report.prefix_index;
    text.push('', `prefix index: ${figure(lookups_per_s)} look-ups/s  ${verdict(report.prefix_index)}`);
  }
  for (const [name, { requests, rss_mb, growth_mb, ...bar }] of Object.entries(report.soak ?? {})) {
    text.push(
      '',
      `soak of ${name}: ${requests} requests; RSS MB each 10 %: ${rss_mb.join(' ')}; second half ${growth_mb}  ${verdict(bar)}`,
    );
  }
  for (const note of report.notes) text.push('', note);
  return `${text.join('\n')}\n`;
}
