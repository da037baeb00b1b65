import type { Deadline } from './deadline.js';

/** The kinds of personal data that can be told without a model of one's own, the surest first: where two overlap the earlier one counts. */
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
  /** One of {@link PERSONAL_KINDS}, or a kind that a configuration defines by patterns or models of its own. */
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  /** How sure a model is of it, where one found it. */
  readonly score?: number;
}

/** What was found in a text. */
export interface PersonalReading {
  /** In order, none over another. */
  readonly spans: readonly PersonalSpan[];
  /** Why a model that was to read the text did not read all of it, where one did not: there may be more. */
  readonly missed?: string;
}

/** Finds personal data in texts. */
export interface PersonalDataFinder {
  /** Set where it asks models, which may be busy or still be loaded. */
  readonly asksModels?: true;
  /** What finds these kinds: itself, or what asks no models where none of its models finds any of them. */
  narrowed?(kinds: Pick<ReadonlySet<string>, 'has'>): PersonalDataFinder;
  /** Loads what it needs. Never rejects. */
  prepare?(): Promise<void>;
  /**
   * A promise where a model has to be asked, or a text is so long that reading it at once would keep others waiting. Never throws or rejects for
   * what a text contains.
   *
   * @param deadline until when models are waited for.
   */
  find(text: string, deadline?: Deadline): PersonalReading | Promise<PersonalReading>;
  /** The spans at once, however long the text is, by what needs no model; for a text that {@link PersonalDataFinder.find} has just read, a look-up. */
  findNow(text: string): readonly PersonalSpan[];
}
