import type { Replica } from '../api/types.js';
import { counted, duration, percent } from '../format.js';
import type { Tone } from '../ui/parts.js';

/** How a replica is, in a word that its colour repeats. */
export interface Condition {
  readonly word: string;
  readonly tone: Tone | 'cold';
}

/** `cold`: it takes requests and has had none since it was started or put in. */
export function conditionOf({ unavailable, drained, inFlight, ejectedForMs, slow, requests }: Replica): Condition {
  if (drained || unavailable === 'draining') return { word: inFlight > 0 ? 'draining' : 'drained', tone: 'warn' };
  if (unavailable === 'moving') return { word: 'moving', tone: 'warn' };
  if (ejectedForMs > 0) return { word: `ejected, ${duration(ejectedForMs)} left`, tone: 'bad' };
  if (unavailable !== undefined) return { word: unavailable, tone: 'bad' };
  if (slow) return { word: 'slow', tone: 'warn' };
  return requests === 0 ? { word: 'cold', tone: 'cold' } : { word: 'up', tone: 'good' };
}

/** Its name within its pool; where it came from another one, the whole. */
export function shortName({ id, pool }: Replica): string {
  return id.startsWith(`${pool}/`) ? id.slice(pool.length + 1) : id;
}

export function shareText(share: number | undefined): string {
  if (share === undefined) return '–';
  // A digit behind the point is not what a cell has room for.
  return share > 0 && share < 0.01 ? '<\u00a01\u00a0%' : percent(share);
}

export function wattsText(watts: number | undefined): string {
  return watts === undefined ? '–' : `${Math.round(watts)}\u00a0W`;
}

/** Answers under way. */
export function running({ inFlight, waiting }: Replica): number {
  return Math.max(0, inFlight - waiting);
}

/** The figures of its cell in words. */
export function inWords(replica: Replica): string {
  const { limit, waiting, kvShare, prefixShare, watts } = replica;
  return [
    `${running(replica)} running and ${waiting} waiting of ${counted(limit, 'place')}`,
    ...(kvShare === undefined ? [] : [`KV ${percent(kvShare)} used`]),
    ...(prefixShare === undefined ? [] : [`${percent(prefixShare)} of prompts found in cache`]),
    ...(watts === undefined ? [] : [`${Math.round(watts)} watts`]),
  ].join(', ');
}
