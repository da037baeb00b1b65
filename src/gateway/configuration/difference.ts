import { structuredPatch } from 'diff';
import { masked } from './masking.js';

/** One run of changed lines with some of what stands around it. Lines begin with ` `, `+` or `-`. */
export interface Hunk {
  readonly oldStart: number;
  readonly newStart: number;
  readonly lines: readonly string[];
}

/** What differs between two configurations, secrets masked. */
export function differenceOf(before: string, after: string): readonly Hunk[] {
  const { hunks } = structuredPatch('', '', masked(before).text, masked(after).text, '', '', { context: 3 });
  return hunks.map(({ oldStart, newStart, lines }) => ({ oldStart, newStart, lines }));
}
