import type { Finder } from './finder.js';

const FENCE = /[ \t]{0,3}(`{3,}|~{3,})/y;

/** Says whether the line from `start` to `end` is one of those that are looked for. */
export type LineTest = (text: string, start: number, end: number) => boolean;

/** Lines of one kind outside fenced code, in which a hyphen is no bullet. */
export class LineFinder implements Finder {
  end = 0;
  private text = '';
  private at = 0;
  private fence = '';

  constructor(
    private readonly test: LineTest,
    private readonly inFences = false,
  ) {}

  begin(text: string): void {
    this.text = text;
    this.at = 0;
    this.end = 0;
    this.fence = '';
  }

  next(from: number): number {
    const { text } = this;
    while (this.at < text.length) {
      const start = this.at;
      const end = endOfLine(text, start);
      this.at = end + 1;
      const turned = this.inFences ? false : this.turn(start, end);
      if (turned || this.fence !== '' || start < from || !this.test(text, start, end)) continue;
      this.end = end;
      return start;
    }
    return -1;
  }

  /** Whether the line opens or closes a fence. */
  private turn(start: number, end: number): boolean {
    const fence = fenceAt(this.text, start, end);
    if (fence === '') return false;
    if (this.fence === '') this.fence = fence;
    else if (closes(fence, this.fence)) this.fence = '';
    return true;
  }
}

/** Blocks of code between fences (CommonMark §4.5); one that is never closed goes to the end of the text. */
export class CodeBlockFinder implements Finder {
  end = 0;
  private text = '';
  private at = 0;

  begin(text: string): void {
    this.text = text;
    this.at = 0;
    this.end = 0;
  }

  next(from: number): number {
    const { text } = this;
    while (this.at < text.length) {
      const start = this.at;
      const end = endOfLine(text, start);
      this.at = end + 1;
      const fence = fenceAt(text, start, end);
      if (fence === '') continue;
      this.end = this.close(fence);
      if (start >= from) return start;
    }
    return -1;
  }

  /** Goes on behind the fence that closes this one. @returns where the block ends. */
  private close(open: string): number {
    const { text } = this;
    while (this.at < text.length) {
      const start = this.at;
      const end = endOfLine(text, start);
      this.at = end + 1;
      if (closes(fenceAt(text, start, end), open)) return end;
    }
    return text.length;
  }
}

/** The fence that a line begins with, empty for none. */
function fenceAt(text: string, start: number, end: number): string {
  FENCE.lastIndex = start;
  const fence = FENCE.exec(text)?.[1] ?? '';
  return start + fence.length <= end ? fence : '';
}

function closes(fence: string, open: string): boolean {
  return fence[0] === open[0] && fence.length >= open.length;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
