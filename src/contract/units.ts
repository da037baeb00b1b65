/**
 * Units of measure, as type aliases that name what a number is, and the parsers for the way people write them in `weir.yaml`.
 *
 * Times are milliseconds, money is USD, prices are USD per 1M tokens, energy is joules, sizes are bytes. A parser returns
 * `undefined` for text it does not understand, so that the caller can say where the text stood and what would be right.
 */

export type Milliseconds = number;
export type Tokens = number;
export type Bytes = number;
export type Usd = number;
export type UsdPerMillionTokens = number;
export type Joules = number;
export type Watts = number;

const DURATION_MS: Readonly<Record<string, number>> = {
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const SIZE_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

const TOKEN_COUNT: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2 };

const PRICE_PER: Readonly<Record<string, number>> = { '': 1, '1m': 1, m: 1, '1k': 1000, k: 1000, token: 1e6 };

const QUANTITY = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i;
const PRICE = /^\s*\$?\s*(\d+(?:\.\d+)?)\s*(?:\/\s*(1?[mk]|token)\s*(?:tokens?)?)?\s*$/i;

function quantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = QUANTITY.exec(text);
  if (match === null) return undefined;
  const scale = units[(match[2] ?? '').toLowerCase()];
  return scale === undefined ? undefined : Number(match[1]) * scale;
}

/** `500ms`, `2s`, `1.5m`, `1h`, `7d` → milliseconds. A unit is required. */
export function parseDuration(text: string): Milliseconds | undefined {
  return quantity(text, DURATION_MS);
}

/** `32MB`, `512KiB`, `100b` → bytes. A unit is required. */
export function parseSize(text: string): Bytes | undefined {
  return quantity(text, SIZE_BYTES);
}

/** `4096`, `8k`, `128K`, `1M` → tokens. As context windows are named in the field, `k` is 1,024 and `M` is 1,024². */
export function parseTokens(text: string): Tokens | undefined {
  const tokens = quantity(text, TOKEN_COUNT);
  return tokens === undefined ? undefined : Math.round(tokens);
}

/** `0.05`, `$0.05`, `$0.05/1M`, `$0.00005/1k tokens` → USD per 1M tokens. */
export function parsePrice(text: string): UsdPerMillionTokens | undefined {
  const match = PRICE.exec(text);
  if (match === null) return undefined;
  const scale = PRICE_PER[(match[2] ?? '').toLowerCase()];
  return scale === undefined ? undefined : Number(match[1]) * scale;
}

/** Money for a count of tokens at a price, in USD. */
export function costOf(tokens: Tokens, price: UsdPerMillionTokens): Usd {
  return (tokens * price) / 1e6;
}

/** A duration as a person would write it: `250µs`, `12ms`, `1.5s`, `5m`. */
export function formatDuration(ms: Milliseconds): string {
  if (ms < 1) return `${Math.round(ms * 1000)}µs`;
  if (ms < 1000) return `${Number(ms.toPrecision(3))}ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toPrecision(3))}s`;
  if (ms < 3_600_000) return `${Number((ms / 60_000).toPrecision(3))}m`;
  return `${Number((ms / 3_600_000).toPrecision(3))}h`;
}
