/** A configuration that was in force when it was read. */
export interface Version {
  readonly version: string;
  readonly text: string;
}

/** A text that is being written, what it was made of, and what is in force by now. */
export interface Draft<Read extends Version> {
  readonly text: string;
  readonly base: Read;
  readonly latest: Read;
}

export type DraftEvent<Read extends Version> =
  | { readonly kind: 'typed'; readonly text: string }
  /** What is in force was read again. */
  | { readonly kind: 'read'; readonly latest: Read }
  /** A text was put in force from here. */
  | { readonly kind: 'applied'; readonly as: Read }
  /** Of two texts, the one that is to go on: this one over what is in force by now, or that. */
  | { readonly kind: 'mine' | 'theirs' };

export function draftOf<Read extends Version>(read: Read): Draft<Read> {
  return { text: read.text, base: read, latest: read };
}

/** What was not touched follows what is in force; what was, waits for its writer to choose. */
export function drafted<Read extends Version>(draft: Draft<Read>, event: DraftEvent<Read>): Draft<Read> {
  switch (event.kind) {
    case 'typed':
      return { ...draft, text: event.text };
    case 'read': {
      const { latest } = event;
      if (!isEdited(draft)) return draftOf(latest);
      const settled = latest.version === draft.base.version || latest.text === draft.text;
      return { ...draft, latest, ...(settled && { base: latest }) };
    }
    case 'applied':
      return { ...draft, base: event.as, latest: event.as };
    case 'mine':
      return { ...draft, base: draft.latest };
    case 'theirs':
      return draftOf(draft.latest);
  }
}

export function isEdited({ text, base }: Draft<Version>): boolean {
  return text !== base.text;
}

/** Somebody else has put another version in force than the text was made of. */
export function isStale({ base, latest }: Draft<Version>): boolean {
  return base.version !== latest.version;
}
