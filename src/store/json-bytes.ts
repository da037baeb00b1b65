import type { Bytes } from '#contract/units.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
/** The most that a number takes, with room to spare. */
const NUMBER_BYTES = 32;

/**
 * JSON, written as UTF-8 into a buffer that is used again and again. Character by character it costs half of what text put together
 * from pieces does, which has to be allocated, joined, copied and collected.
 */
export class JsonBytes {
  bytes: Buffer;
  end = 0;
  /** By how much the text is shorter in UTF-16 units than in bytes. */
  wide = 0;

  constructor(private readonly size: Bytes) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** Begins anew. A buffer that had to grow to more than four times its size is let go. */
  clear(): void {
    this.end = 0;
    this.wide = 0;
    if (this.bytes.length > 4 * this.size) this.bytes = Buffer.allocUnsafeSlow(this.size);
  }

  /** Goes back to where it was. */
  cut(end: number, wide: number): void {
    this.end = end;
    this.wide = wide;
  }

  /** Bytes as they stand; few, for a call to copy many costs as much as a hundred of these steps. */
  raw(fragment: Uint8Array): void {
    const { length } = fragment;
    if (this.end + length > this.bytes.length) this.grow(length);
    const { bytes, end } = this;
    for (let i = 0; i < length; i++) bytes[end + i] = fragment[i]!;
    this.end = end + length;
  }

  /** ASCII text as it stands. */
  private ascii(text: string): void {
    const { length } = text;
    if (this.end + length > this.bytes.length) this.grow(length);
    const { bytes, end } = this;
    for (let i = 0; i < length; i++) bytes[end + i] = text.charCodeAt(i);
    this.end = end + length;
  }

  comma(): void {
    this.byte(COMMA);
  }

  /** One ASCII character. */
  byte(code: number): void {
    if (this.end === this.bytes.length) this.grow(1);
    this.bytes[this.end++] = code;
  }

  /** `[3,`: the beginning of a list of which `value` is the first; after a comma where `before` lists precede it. */
  openList(value: number, before: number): void {
    if (this.end + 2 * NUMBER_BYTES > this.bytes.length) this.grow(2 * NUMBER_BYTES);
    const { bytes } = this;
    if (before > 0) bytes[this.end++] = COMMA;
    bytes[this.end++] = OPEN;
    this.whole(value);
    bytes[this.end++] = COMMA;
  }

  /** A list of numbers, most of them from 0 to 1 with three digits at most. */
  numbers(values: readonly number[]): void {
    this.byte(OPEN);
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const thousandths = Math.round(value * 1000);
      if (i > 0) this.byte(COMMA);
      if (thousandths > 0 && thousandths < 1000 && thousandths / 1000 === value) this.fraction(thousandths);
      else this.number(value);
    }
    this.byte(CLOSE);
  }

  /** `0.5`, `0.125`: so many thousandths, from 1 to 999. */
  private fraction(thousandths: number): void {
    if (this.end + NUMBER_BYTES > this.bytes.length) this.grow(NUMBER_BYTES);
    const { bytes } = this;
    let { end } = this;
    const tenths = (thousandths / 100) | 0;
    const hundredths = ((thousandths / 10) | 0) - 10 * tenths;
    const last = thousandths - 100 * tenths - 10 * hundredths;
    bytes[end++] = ZERO;
    bytes[end++] = POINT;
    bytes[end++] = ZERO + tenths;
    if (hundredths > 0 || last > 0) bytes[end++] = ZERO + hundredths;
    if (last > 0) bytes[end++] = ZERO + last;
    this.end = end;
  }

  closeList(): void {
    this.byte(CLOSE);
  }

  /** Text as JSON writes it, the same as `JSON.stringify`. */
  quoted(text: string): void {
    const { length } = text;
    if (this.end + length + 2 > this.bytes.length) this.grow(length + 2);
    const { bytes } = this;
    let { end } = this;
    bytes[end++] = QUOTE;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        this.encoded(JSON.stringify(text));
        return;
      }
      bytes[end++] = code;
    }
    bytes[end++] = QUOTE;
    this.end = end;
  }

  /** Text of any kind as it stands. */
  encoded(text: string): void {
    this.grow(text.length * 3);
    const written = this.bytes.write(text, this.end, 'utf8');
    this.end += written;
    this.wide += written - text.length;
  }

  /** JSON has no infinities and no NaN: they become null, as in `JSON.stringify`. */
  number(value: number): void {
    if (value >= 0 && value < 1e9 && value === (value | 0)) this.whole(value);
    else if (value > 0 && value < 1e5 && Math.round(value * 1e4) / 1e4 === value) this.time(value);
    else this.ascii(Number.isFinite(value) ? `${value}` : 'null');
  }

  /** A time in ms to four decimals, by integer arithmetic. */
  time(value: number): void {
    const tenths = Math.round(value * 1e4);
    if (!(tenths >= 0 && tenths < 1e13)) {
      this.ascii(Number.isFinite(value) ? `${value}` : 'null');
      return;
    }
    const whole = Math.floor(tenths / 1e4);
    let rest = (tenths - whole * 1e4) | 0;
    this.whole(whole);
    if (rest === 0) return;
    const { bytes } = this;
    let { end } = this;
    bytes[end++] = POINT;
    for (let unit = 1000; rest > 0; unit = (unit / 10) | 0) {
      const digit = (rest / unit) | 0;
      bytes[end++] = ZERO + digit;
      rest -= digit * unit;
    }
    this.end = end;
  }

  /** A whole number from 0 to 1e9. */
  private whole(value: number): void {
    if (this.end + NUMBER_BYTES > this.bytes.length) this.grow(NUMBER_BYTES);
    const { bytes } = this;
    if (value < 10) {
      bytes[this.end++] = ZERO + value;
      return;
    }
    let digits = 2;
    for (let top = 100; top <= value; top *= 10) digits++;
    let rest = value | 0;
    for (let at = this.end + digits - 1; at >= this.end; at--) {
      const tens = (rest / 10) | 0;
      bytes[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.end += digits;
  }

  private grow(more: Bytes): void {
    const needed = this.end + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.end);
    this.bytes = grown;
  }
}
