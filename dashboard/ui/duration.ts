/** Seconds of each unit, as results and hints write them. */
const UNITS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400 };
const SHORTEST_S = 1;

/** The seconds of a text such as `90 s`, `5 min` or `1.5 h`; `undefined` where it is none, or under a second. */
export function secondsOf(text: string): number | undefined {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*(s|min|h|d)\s*$/.exec(text) ?? [];
  const seconds = Number(number) * (UNITS[unit ?? ''] ?? Number.NaN);
  return seconds >= SHORTEST_S ? seconds : undefined;
}
