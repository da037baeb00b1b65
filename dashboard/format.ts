/** Keeps a number and its unit on one line. */
const NBSP = '\u00a0';
const COUNT = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Milliseconds as `84 µs`, `12.3 ms`, `1.25 s`, `4 min 5 s` or `3 h 2 min`. */
export function duration(ms: number): string {
  if (ms < 0.0005) return `0${NBSP}s`;
  if (ms < 1) return `${significant(ms * 1000)}${NBSP}µs`;
  if (ms < 1000) return `${significant(ms)}${NBSP}ms`;
  if (ms < 60_000) return `${significant(ms / 1000)}${NBSP}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${NBSP}min ${seconds % 60}${NBSP}s`;
  return `${Math.floor(seconds / 3600)}${NBSP}h ${Math.floor((seconds % 3600) / 60)}${NBSP}min`;
}

/** How long something has run, in one unit: `42 s`, `3 min`, `5 h`, `12 days`. */
export function age(ms: number): string {
  if (ms < 60_000) return `${Math.floor(ms / 1000)}${NBSP}s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)}${NBSP}min`;
  return ms < 48 * 3_600_000 ? `${Math.floor(ms / 3_600_000)}${NBSP}h` : `${Math.floor(ms / 86_400_000)}${NBSP}days`;
}

/** Three digits that matter, and no more than two behind the point: `0.42`, `12.3`, `456`. */
function significant(value: number): string {
  if (value >= 100) return COUNT.format(value);
  return String(Number(value.toPrecision(value < 1 ? 2 : 3)));
}

/** A whole number with its thousands parted. */
export function count(value: number): string {
  return COUNT.format(value);
}

/** `1 token`, `2 tokens`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A score of unknown scale, to three digits. */
export function score(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1000) return COUNT.format(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** US dollars, small amounts in full: `$0.0000124`, `$1.50`, `$70,430`. */
export function usd(value: number): string {
  if (value === 0) return '$0';
  if (value >= 10_000) return `$${COUNT.format(value)}`;
  if (value >= 1) return `$${value.toFixed(2)}`;
  const digits = Math.min(12, 2 - Math.floor(Math.log10(value)));
  return `$${value.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}

/** A share of one as a percentage; what is not quite all is never called 100 %. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 99 && value < 100) return value > 99.9 ? `>${NBSP}99.9${NBSP}%` : `${Number(value.toFixed(1))}${NBSP}%`;
  return `${value > 0 && value < 10 ? Number(value.toPrecision(2)) : Math.round(value)}${NBSP}%`;
}

/** A probability close to one, to thousandths of a percent: `99.941 %`, `> 99.999 %`. */
export function probability(share: number): string {
  const rounded = (100 * share).toFixed(3);
  return share < 1 && rounded === '100.000' ? `>${NBSP}99.999${NBSP}%` : `${rounded}${NBSP}%`;
}

/** Wall time, ms since the epoch, as the clock on the reader's wall shows it. */
export function clock(at: number): string {
  return CLOCK.format(at);
}

const DAY = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** A moment in full: `25 Nov 2026, 20:31:07`. */
export function day(at: number): string {
  return DAY.format(at);
}

const SHORT = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumSignificantDigits: 3 });

/** A large number in few characters: `1.2k`, `34M`. */
export function short(value: number): string {
  // In English a small m would do; beside units it reads as milli.
  return value < 10_000 ? COUNT.format(value) : SHORT.format(value).replace(/m$/, 'M');
}
