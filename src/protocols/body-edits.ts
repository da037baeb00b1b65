import type { Json } from './json.js';
import { applyEditsToBytes, type Edit, memberSpan, openingOf } from './json-text.js';

/** Changes to top-level members of a body that is otherwise sent on byte for byte. */
export class BodyEdits {
  private readonly edits: Edit[] = [];

  constructor(
    private readonly bytes: Buffer,
    /** What the bytes say. */
    readonly text: string,
    readonly body: Json,
  ) {}

  /** Gives a member another value, or adds it. */
  set(key: string, value: unknown): void {
    this.setText(key, JSON.stringify(value));
  }

  /** As {@link BodyEdits.set}, with the value already printed. */
  setText(key: string, printed: string): void {
    if (this.body[key] !== undefined) {
      const span = memberSpan(this.text, key, true);
      if (span !== undefined) this.edits.push({ ...span, text: printed });
      return;
    }
    const at = openingOf(this.text);
    this.edits.push({ start: at, end: at, text: `${JSON.stringify(key)}:${printed},` });
  }

  /** Puts text into the body at an offset into {@link BodyEdits.text}. */
  insert(at: number, text: string): void {
    this.edits.push({ start: at, end: at, text });
  }

  applied(): Buffer {
    return applyEditsToBytes(this.bytes, this.text, this.edits, this.bytes.length === this.text.length);
  }
}

/** A decision's cap only ever lowers what the client asked for. */
export function capOutput(edits: BodyEdits, key: string, cap: number | undefined): void {
  if (cap === undefined) return;
  const asked = edits.body[key];
  if (typeof asked !== 'number' || asked > cap) edits.set(key, cap);
}
