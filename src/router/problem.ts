import type { ErrorCode } from '#contract/errors.js';

/** Where in a configuration a problem stands, as keys and indexes below the block that was checked. */
export type ProblemPath = readonly (string | number)[];

/** What the other parts define that the router's block refers to. */
export interface RouterSurroundings {
  readonly models: readonly string[];
  readonly pools: readonly { readonly name: string; readonly model: string }[];
}

/** Something wrong with the `router:` block that its schema alone cannot see. `config/` turns it into an error with file and line. */
export interface RouterProblem {
  readonly code: ErrorCode;
  /** `error` keeps Weir from starting; a `warning` is told and lived with. */
  readonly level: 'error' | 'warning';
  /** Below `router`: `['decisions', 1, 'when']`. */
  readonly path: ProblemPath;
  readonly message: string;
  /** What would be right. */
  readonly hint?: string;
  /** For text with a syntax of its own: where in the value it goes wrong, in UTF-16 units from 0. */
  readonly offset?: number;
  /** The name that nothing has, with the names there are: what a near-name suggestion is made from. */
  readonly unknown?: { readonly name: string; readonly known: readonly string[] };
}

/** What keeps Weir from starting. */
export function error(
  code: RouterProblem['code'],
  path: ProblemPath,
  message: string,
  more: Partial<RouterProblem> = {},
): RouterProblem {
  return { code, level: 'error', path, message, ...more };
}

/** A name that nothing has. @param offset where it stands in a text with a syntax of its own. */
export function unknownName(
  path: ProblemPath,
  what: string,
  name: string,
  known: readonly string[],
  offset?: number,
): RouterProblem {
  const more = { unknown: { name, known }, ...(offset === undefined ? undefined : { offset }) };
  return error('config.unknown_reference', path, `there is no ${what} named ${name}`, more);
}

/** A problem for each name of a list that stands in it before. @param what the thing that a name is of: `the decision`. */
export function duplicates(
  names: readonly string[],
  path: (index: number) => ProblemPath,
  what: string,
): RouterProblem[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [error('config.duplicate', path(index), `${what} ${name} stands twice`)];
  });
}
