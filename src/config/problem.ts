import type { ErrorCode } from '#contract/errors.js';

/** A way into the configuration: keys of mappings and indexes of lists. */
export type Path = readonly (string | number)[];

/** Something wrong with a configuration, and where. */
export interface ConfigProblem {
  readonly code: ErrorCode;
  /** As people write it: `router.decisions[1].when`; empty for the file as a whole. */
  readonly path: string;
  /** From 1; 0 when the problem has no place in the text. */
  readonly line: number;
  /** From 1; 0 when the problem has no place in the text. */
  readonly column: number;
  readonly message: string;
  /** What would be right. */
  readonly hint?: string;
}

/** A problem by its place in the value, before its place in the text is known. */
export interface Finding {
  readonly code: ErrorCode;
  readonly path: Path;
  /** Whether it is the key that is wrong, or the value under it. */
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly hint?: string;
  /** For text with a syntax of its own: where in the value it goes wrong, in UTF-16 units from 0. */
  readonly offset?: number;
}

/** Most problems that are reported of one file: a file this broken is the wrong file. */
export const MOST_PROBLEMS = 100;

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/;

/** `['router', 'decisions', 1, 'when']` → `router.decisions[1].when`; keys that are no plain words are quoted. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (PLAIN_KEY.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step.length > 64 ? `${step.slice(0, 64)}…` : step)}]`;
  }
  return text;
}
