import type { Deadline } from '#contract/deadline.js';
import {
  PERSONAL_KINDS,
  type PersonalDataFinder,
  type PersonalReading,
  type PersonalSpan,
} from '#contract/personal-data.js';

/**
 * What is found in texts, one after the other: one request alone never fills the queue of a model. A promise only where something has to be
 * waited for.
 */
export function personalReadings(
  finder: PersonalDataFinder,
  texts: readonly string[],
  deadline: Deadline | undefined,
): readonly PersonalReading[] | Promise<readonly PersonalReading[]> {
  const readings: PersonalReading[] = [];
  for (const [at, text] of texts.entries()) {
    const found = finder.find(text, deadline);
    if (found instanceof Promise) return readRest(finder, texts, deadline, readings, at, found);
    readings.push(found);
  }
  return readings;
}

async function readRest(
  finder: PersonalDataFinder,
  texts: readonly string[],
  deadline: Deadline | undefined,
  readings: PersonalReading[],
  at: number,
  first: Promise<PersonalReading>,
): Promise<readonly PersonalReading[]> {
  readings.push(await first);
  for (const text of texts.slice(at + 1)) readings.push(await finder.find(text, deadline));
  return readings;
}

/** Kinds in the order in which they are told: the surest first, those of models of one's own last, by name. */
export function inOrder(kinds: Iterable<string>): string[] {
  const given = new Set(kinds);
  const own = [...given].filter(kind => !PERSONAL_KINDS.some(known => known === kind)).sort();
  return [...PERSONAL_KINDS.filter(kind => given.has(kind)), ...own];
}

/** How many there are of each kind. */
export function countsOf(spans: readonly PersonalSpan[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const span of spans) counts.set(span.kind, (counts.get(span.kind) ?? 0) + 1);
  return counts;
}

/** `email 2, person 1`, the surest kinds first. */
export function toldCounts(counts: ReadonlyMap<string, number>): string {
  const told = inOrder(counts.keys()).map(kind => `${kind} ${counts.get(kind)}`);
  return told.length === 0 ? 'none' : told.join(', ');
}
