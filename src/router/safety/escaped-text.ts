const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

/** From here on, a character is so far along in the text as it was written. */
interface Shift {
  readonly at: number;
  readonly written: number;
}

/** JSON text that comes in pieces, with what its strings escape as the characters that they are. */
export class EscapedText {
  /** The beginning of an escape that is not whole yet. */
  private pending = '';
  private size = 0;
  private written = 0;
  private shifts: Shift[] = [{ at: 0, written: 0 }];

  /** @param last nothing more comes. @returns the characters that are known now. */
  read(piece: string, last: boolean): string {
    const text = this.pending + piece;
    let out = '';
    let from = 0;
    for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', from)) {
      const length = text[at + 1] === 'u' ? 6 : 2;
      if (at + length > text.length && !last) break;
      out += text.slice(from, at) + unescaped(text.slice(at + 1, at + length));
      from = Math.min(text.length, at + length);
      this.shifts.push({ at: this.size + out.length, written: this.written + from });
    }
    const open = last ? -1 : text.indexOf('\\', from);
    const end = open < 0 ? text.length : open;
    out += text.slice(from, end);
    this.pending = text.slice(end);
    this.size += out.length;
    this.written += end;
    return out;
  }

  /** Where a character stands in the text as it was written; of the one behind the last, where that ends. */
  writtenAt(at: number): number {
    const shift = this.shifts.findLast(one => one.at <= at);
    return shift === undefined ? at : shift.written + at - shift.at;
  }

  /** No character before this one is asked for any more. */
  forget(before: number): void {
    const first = this.shifts.findLastIndex(({ at }) => at <= before);
    if (first > 0) this.shifts = this.shifts.slice(first);
  }
}

function unescaped(code: string): string {
  const [kind = ''] = code;
  if (kind !== 'u') return ESCAPES[kind] ?? kind;
  return /^u[\da-fA-F]{4}$/.test(code) ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : ' ';
}
