export interface Found {
  readonly start: number;
  readonly end: number;
}

/** Finds one kind of identifier by its form and its check digits. Takes time linear in the text. */
export interface Detector {
  /** One of those that come with Weir, or one of the operator's own. */
  readonly kind: string;
  find(text: string): readonly Found[];
}

/**
 * A detector by a pattern without nested repetition, and by what must hold of what it matches.
 *
 * @param mark what every match contains, quick to look for: most texts have none.
 */
export function byPattern(
  kind: string,
  pattern: RegExp,
  holds: (match: string, at: number, text: string) => boolean,
  mark?: RegExp,
): Detector {
  return {
    kind,
    find(text) {
      const found: Found[] = [];
      if (mark !== undefined && !mark.test(text)) return found;
      for (const match of text.matchAll(pattern)) {
        if (holds(match[0], match.index, text)) found.push({ start: match.index, end: match.index + match[0].length });
      }
      return found;
    },
  };
}

/** Characters before a number in which a word may say what it is. */
const CUE_REACH = 48;

/** Whether a word of `cues` stands shortly before a place, on the same line or the one before. */
export function cuedBefore(text: string, at: number, cues: RegExp): boolean {
  return cues.test(text.slice(Math.max(0, at - CUE_REACH), at));
}

export function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}
