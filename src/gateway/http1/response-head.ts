/** The head of an HTTP/1.1 response. Header values are looked up, not collected: of twenty that come, two or three are asked for. */
export class ResponseHead {
  readonly status: number;
  /** HTTP/1.0 closes its connections unless it says otherwise. */
  readonly old: boolean;
  private readonly lower: string;

  /** @param text from the status line up to the empty line, that one left out, each line with its line end. */
  constructor(private readonly text: string) {
    const line = STATUS_LINE.exec(text);
    if (line === null) throw new MalformedResponse(`no status line: ${JSON.stringify(text.slice(0, 40))}`);
    this.old = line[1] === '0';
    this.status = Number(line[2]);
    this.lower = text.toLowerCase();
  }

  /** The value of the first header of this name (lower case); empty when there is none. */
  get(name: string): string {
    const key = `\n${name}:`;
    const at = this.lower.indexOf(key);
    return at < 0 ? '' : this.valueFrom(at + key.length);
  }

  /** Whether a header stands more than once with different values. */
  contradicts(name: string): boolean {
    const key = `\n${name}:`;
    const first = this.lower.indexOf(key);
    if (first < 0) return false;
    const value = this.valueFrom(first + key.length);
    for (let at = first; ; ) {
      at = this.lower.indexOf(key, at + key.length);
      if (at < 0) return false;
      if (this.valueFrom(at + key.length) !== value) return true;
    }
  }

  /** Whether one of the comma-separated words of a header, however often it stands, is this one (lower case). */
  says(name: string, word: string): boolean {
    const key = `\n${name}:`;
    for (let at = this.lower.indexOf(key); at >= 0; at = this.lower.indexOf(key, at + key.length)) {
      const value = this.valueFrom(at + key.length).toLowerCase();
      if (value === word || (value.includes(',') && value.split(',').some(part => part.trim() === word))) return true;
    }
    return false;
  }

  private valueFrom(start: number): string {
    const end = this.text.indexOf('\n', start);
    return this.text.slice(start, end < 0 ? this.text.length : end).trim();
  }
}

/** An answer that is no HTTP/1.1, or that contradicts itself. The connection it came on is good for nothing more. */
export class MalformedResponse extends Error {
  readonly code = 'HTTP_MALFORMED';
  override readonly name = 'MalformedResponse';
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?\r?\n/;
