/** What a part is told apart by, beside its key. */
export type Field = string | number | boolean | undefined;

/** A part of a record that many records have in common, as JSON. */
export interface Part {
  readonly json: string;
  readonly fields: readonly Field[];
  /** The batch that `reference` belongs to. */
  batch: number;
  reference: string;
  next: Part | undefined;
}

const MAX_KEYS = 512;
const MAX_VARIANTS = 4;

/**
 * Parts seen before, by a key and up to seven fields: at most 512 keys with the four newest variants of each. To compare what
 * most often is the very same string costs a tenth of writing it again.
 */
export class PartTable {
  private readonly parts = new Map<string, Part>();

  find(key: string, a: Field, b?: Field, c?: Field, d?: Field, e?: Field, f?: Field, g?: Field): Part | undefined {
    for (let part = this.parts.get(key); part !== undefined; part = part.next) {
      const { fields } = part;
      if (
        fields[0] === a &&
        fields[1] === b &&
        fields[2] === c &&
        fields[3] === d &&
        fields[4] === e &&
        fields[5] === f &&
        fields[6] === g
      ) {
        return part;
      }
    }
    return undefined;
  }

  /** Remembers a part; the fields are those that {@link PartTable.find} is asked with. */
  add(key: string, json: string, ...fields: Field[]): Part {
    while (fields.length < 7) fields.push(undefined);
    let next = this.parts.get(key);
    if (next === undefined && this.parts.size >= MAX_KEYS) this.parts.clear();
    next = shortened(next);
    const part: Part = { json, fields, batch: 0, reference: '', next };
    this.parts.set(key, part);
    return part;
  }
}

function shortened(first: Part | undefined): Part | undefined {
  let part = first;
  for (let kept = 2; part !== undefined; kept++, part = part.next) {
    if (kept === MAX_VARIANTS) part.next = undefined;
  }
  return first;
}

/** The parts that the records of one batch refer to: each is written once a batch. */
export class SharedParts {
  private batch = 1;
  private texts: string[] = [];

  /** The beginning of a JSON object that is all that a part is, and more: `{"is":3`, by the part's place in the batch. */
  open(part: Part): string {
    if (part.batch !== this.batch) {
      part.batch = this.batch;
      part.reference = `{"is":${this.texts.length}`;
      this.texts.push(part.json);
    }
    return part.reference;
  }

  /** The parts of the batch as a JSON array; the next batch begins. */
  take(): string {
    const json = `[${this.texts.join(',')}]`;
    this.texts = [];
    this.batch++;
    return json;
  }
}
