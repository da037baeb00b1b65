import { z } from 'zod';
import type { OptionProblem } from './signal-type.js';

/** Words and phrases that an approximate signal looks for. */
export const approximateTerms = z
  .array(z.string().trim().min(1).max(64))
  .min(1)
  .max(128)
  .describe('Words and phrases to look for: true when one of them is found, or something enough like it.');

/** Terms that come to the same once they are in the form in which they are compared, or to nothing. */
export function termProblems(
  terms: readonly string[],
  compared: (term: string) => string,
  path: string,
): OptionProblem[] {
  const first = new Map<string, string>();
  return terms.flatMap((term, index): OptionProblem[] => {
    const form = compared(term);
    const earlier = first.get(form);
    if (form.trim() === '') {
      return [
        { code: 'config.invalid', path: [path, index], message: `${JSON.stringify(term)} has no letter or digit` },
      ];
    }
    if (earlier === undefined) {
      first.set(form, term);
      return [];
    }
    const message = `the term ${JSON.stringify(term)} stands twice, earlier as ${JSON.stringify(earlier)}`;
    return [{ code: 'config.duplicate', path: [path, index], message, hint: 'remove one of them' }];
  });
}
