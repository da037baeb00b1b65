/** The kinds of personal data that can be told, the surest first: where two overlap the earlier one counts. */
export const PERSONAL_KINDS = [
  'secret',
  'email',
  'iban',
  'card',
  'ip',
  'mac',
  'national_id',
  'phone',
  'url',
  'date',
  'person',
  'organization',
  'address',
  'place',
] as const;

export type PersonalKind = (typeof PERSONAL_KINDS)[number];

/** Where personal data stands in a text: `text.slice(start, end)`. */
export interface PersonalSpan {
  readonly kind: PersonalKind;
  readonly start: number;
  readonly end: number;
}

/** Finds personal data in texts. */
export interface PersonalDataFinder {
  /**
   * Spans in order, none over another. A promise where a text is so long that reading it at once would keep others waiting. Never throws for
   * what a text contains.
   */
  find(text: string): readonly PersonalSpan[] | Promise<readonly PersonalSpan[]>;
  /** The same at once, however long the text is: for one that {@link PersonalDataFinder.find} has just read, a look-up. */
  findNow(text: string): readonly PersonalSpan[];
}
