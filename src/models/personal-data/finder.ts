import {
  PERSONAL_KINDS,
  type PersonalDataFinder,
  type PersonalReading,
  type PersonalSpan,
} from '#contract/personal-data.js';
import { openNameTagger } from '#models/names/tagger-file.js';
import { card } from './card.js';
import { date } from './date.js';
import type { DefinedForms } from './defined-forms.js';
import type { Detector } from './detector.js';
import { email } from './email.js';
import { iban } from './iban.js';
import { ip } from './ip.js';
import { layered } from './layers.js';
import { mac } from './mac.js';
import { nationalId } from './national-id.js';
import { phone } from './phone.js';
import { Remembered } from './remembered.js';
import { secret } from './secret.js';
import { url } from './url.js';

/** Identifiers that are told by their form. */
export const DETECTORS: readonly Detector[] = [secret, email, iban, card, ip, mac, nationalId, phone, url, date];

/** What finds names; its kinds are among the personal ones. */
export interface NameFinder {
  find(text: string): readonly PersonalSpan[];
}

/** Characters that are read at one go: under ten milliseconds. */
const PIECE = 1024;
/** Characters of short texts that are read before others have their turn. */
const A_TURN = 2 * PIECE;
/** Characters around a cut that both pieces read: longer than anything that is found, but for private keys. */
const OVERLAP = 384;
const MOST_REMEMBERED = 4096;
/** Nothing that is shorter tells of anyone. */
const SHORTEST = 2;

/** What was found in a text, not yet in order. */
interface Heap {
  /** By the operator's own patterns. */
  readonly defined: PersonalSpan[];
  readonly usual: PersonalSpan[];
}

const NO_FORMS: DefinedForms = { key: '', detectors: [] };

/**
 * All personal data of a text: what the operator's own patterns find comes first, and what else lies beside it. What was found in texts of late is remembered,
 * for conversations send the same ones again with each turn: by a keyed hash, with the places and without the text.
 */
export class PersonalData implements PersonalDataFinder {
  private readonly known = new Remembered<readonly PersonalSpan[]>(MOST_REMEMBERED);
  private readonly rank: ReadonlyMap<string, number>;
  /** Characters that may be read in this turn of the event loop. */
  private left = A_TURN;

  /** @param names opened at first use; `undefined` where names are not to be looked for. */
  constructor(
    private readonly names: () => NameFinder | undefined,
    private readonly forms: DefinedForms = NO_FORMS,
  ) {
    this.rank = new Map(forms.detectors.map(({ kind }, at) => [kind, at]));
  }

  /** The same with these patterns; itself where it has them. */
  withForms(forms: DefinedForms): PersonalData {
    return forms.key === this.forms.key ? this : new PersonalData(this.names, forms);
  }

  find(text: string): PersonalReading | Promise<PersonalReading> {
    if (text.length < SHORTEST) return { spans: NONE };
    const { known } = this;
    const key = known.keyOf(text);
    const spans = known.recall(key) ?? (this.inThisTurn(text) ? this.findNow(text) : undefined);
    return spans === undefined ? this.readLong(text).then(read => ({ spans: known.remember(key, read) })) : { spans };
  }

  /** Whether there is room for a text in this turn: many short ones would keep others waiting as a long one would. */
  private inThisTurn({ length }: string): boolean {
    if (length > PIECE || length > this.left) return false;
    if (this.left === A_TURN) setImmediate(() => this.refill());
    this.left -= length;
    return true;
  }

  private refill(): void {
    this.left = A_TURN;
  }

  findNow(text: string): readonly PersonalSpan[] {
    if (text.length < SHORTEST) return NONE;
    const { known } = this;
    const key = known.keyOf(text);
    return known.recall(key) ?? known.remember(key, this.laid(text, this.read(text, 0)));
  }

  private async readLong(text: string): Promise<readonly PersonalSpan[]> {
    const heap: Heap = { defined: [], usual: shifted('secret', secret.find(text), 0) };
    for (let at = 0; at < text.length; at += PIECE) {
      await new Promise<void>(resolve => setImmediate(resolve));
      const from = Math.max(0, at - OVERLAP);
      const to = Math.min(text.length, at + PIECE + OVERLAP);
      const piece = this.read(text.slice(from, to), from);
      // What touches the edge of a piece may be cut: the piece beside it has it whole.
      const whole = (span: PersonalSpan): boolean =>
        (span.start > from || from === 0) &&
        (span.end < to || to === text.length) &&
        span.start < at + PIECE &&
        span.end > at;
      heap.defined.push(...piece.defined.filter(whole));
      heap.usual.push(...piece.usual.filter(whole));
    }
    return this.laid(text, heap);
  }

  private read(text: string, offset: number): Heap {
    const by = (detectors: readonly Detector[]): PersonalSpan[] =>
      detectors.flatMap(({ kind, find }) => shifted(kind, find(text), offset));
    const usual = by(DETECTORS);
    for (const { kind, start, end } of this.names()?.find(text) ?? NONE)
      usual.push({ kind, start: start + offset, end: end + offset });
    return { defined: by(this.forms.detectors), usual };
  }

  private laid(text: string, { defined, usual }: Heap): readonly PersonalSpan[] {
    const rest = merged(usual);
    return defined.length === 0 ? rest : layered(text, merged(defined, this.rank), rest);
  }
}

/** The finder with the tagger of names that comes with Weir, which is opened when the first text is read. */
export function openPersonalData(): PersonalData {
  let tagger: NameFinder | undefined;
  return new PersonalData(() => {
    tagger ??= openNameTagger();
    return tagger;
  });
}

const NONE: readonly PersonalSpan[] = Object.freeze([]);
const RANK: ReadonlyMap<string, number> = new Map(PERSONAL_KINDS.map((kind, at) => [kind, at]));

function shifted(
  kind: string,
  found: readonly { readonly start: number; readonly end: number }[],
  by: number,
): PersonalSpan[] {
  return found.map(({ start, end }) => ({ kind, start: start + by, end: end + by }));
}

/** In order, none over another: the surer kind wins, of one kind the longer. */
export function merged(spans: readonly PersonalSpan[], rank = RANK): readonly PersonalSpan[] {
  const ranked = [...spans].sort(
    (a, b) => rank.get(a.kind)! - rank.get(b.kind)! || b.end - b.start - (a.end - a.start) || a.start - b.start,
  );
  const kept: PersonalSpan[] = [];
  for (const span of ranked) insert(kept, span);
  return kept;
}

/** Puts a span into an ordered list unless it overlaps one that is there. */
function insert(kept: PersonalSpan[], span: PersonalSpan): void {
  let low = 0;
  let high = kept.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (kept[middle]!.start < span.start) low = middle + 1;
    else high = middle;
  }
  const before = kept[low - 1];
  const after = kept[low];
  if ((before !== undefined && before.end > span.start) || (after !== undefined && after.start < span.end)) return;
  kept.splice(low, 0, span);
}
