import { luhn } from './card.js';
import { type Detector, digitsOf, type Found } from './detector.js';
import { remainder97 } from './iban.js';

/** Kinds of an operator's own that are told by their form. */
export interface DefinedForms {
  /** The same for the same kinds and patterns. */
  readonly key: string;
  /** The first counts where two find the same. */
  readonly detectors: readonly Detector[];
}

/** Check digits that an operator can ask for. */
export type CheckDigits = 'luhn' | 'mod97';

/**
 * A detector by patterns that cannot run away and have an end.
 *
 * @param check what the check digits of a match must be, where it has some.
 */
export function byForm(
  kind: string,
  patterns: readonly { places(text: string): Iterable<Found> }[],
  check?: CheckDigits,
): Detector {
  const holds = check === undefined ? () => true : CHECKS[check];
  return {
    kind,
    find(text) {
      const found: Found[] = [];
      for (const pattern of patterns) {
        for (const place of pattern.places(text)) if (holds(text.slice(place.start, place.end))) found.push(place);
      }
      return found;
    },
  };
}

const CHECKS: Readonly<Record<CheckDigits, (match: string) => boolean>> = {
  luhn: match => {
    const digits = digitsOf(match);
    return digits !== '' && luhn(digits);
  },
  // ISO 7064, MOD 97-10, as it stands: an IBAN has its check digits in front and is turned around first.
  mod97: match => remainder97(match.replace(/[^A-Za-z0-9]/g, '')) === 1,
};
