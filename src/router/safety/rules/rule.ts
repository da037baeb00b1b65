/** What a rule found in a text. */
export interface Finding {
  readonly rule: string;
  /** Where the first of it stands: `text.slice(start, end)`. */
  readonly start: number;
  readonly end: number;
  /** What was hidden there, made readable; never longer than twice the text. */
  readonly view?: string;
}

/** One way of hiding something in a text, or of dressing it up. Linear in the text's length, and never throws. */
export interface Rule {
  readonly name: string;
  /** Whether only characters beyond ASCII can make it find something. */
  readonly beyondAscii: boolean;
  find(text: string): Finding | undefined;
}
