const MOST_COUNTED = 999_999_999_999;

/** Whether an engine's count of tokens is one: money, records and what is learned are made of it. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_COUNTED;
}
