/**
 * Text that came as UTF-8 and is kept as its bytes, one character each (latin1): half the memory of decoded text with one character
 * beyond ASCII in it, and most of it is never read as text. {@link WireText.text} decodes on first use.
 */
export class WireText {
  readonly type = 'text';

  /** @param known the text, where it is known already: for ASCII the very same string. */
  constructor(
    readonly utf8: string,
    private known?: string,
  ) {}

  get text(): string {
    this.known ??= fromUtf8(this.utf8);
    return this.known;
  }

  toJSON(): { readonly type: 'text'; readonly text: string } {
    return { type: 'text', text: this.text };
  }
}

/** Up to this many characters a loop is quicker than the platform's encoder. */
const SHORT = 48;

/** The UTF-8 bytes of a text, one character each; for ASCII the same string. */
export function toUtf8(text: string): string {
  if (text.length <= SHORT) {
    let at = 0;
    while (at < text.length && text.charCodeAt(at) < 128) at++;
    if (at === text.length) return text;
  }
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length === text.length ? text : bytes.toString('latin1');
}

/** The text that UTF-8 bytes, one character each, stand for. */
export function fromUtf8(bytes: string): string {
  if (bytes.length <= SHORT) {
    let at = 0;
    while (at < bytes.length && bytes.charCodeAt(at) < 128) at++;
    if (at === bytes.length) return bytes;
  }
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.length === bytes.length ? bytes : text;
}
