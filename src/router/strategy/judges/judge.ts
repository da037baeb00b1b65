import type { AnswerGuard, AnswerGuardMaker, AnswerTextKind } from '#contract/answer-guard.js';

/** What is read of each text of an answer, in characters: a judgement needs no more, and no answer makes one dear. */
export const MOST_CHARS = 65_536;

/** A text of an answer, as far as it was read. */
export interface JudgedText {
  readonly kind: AnswerTextKind;
  readonly text: string;
  /** Whether there was more of it than was read. */
  readonly cut: boolean;
}

/** What a judge says. `doubts`: it speaks against the answer. */
export interface Judgement {
  readonly doubts: boolean;
  readonly note: string;
}

/** A judge that reads the texts of an answer once they are whole, and lets all of them pass. */
export function judgeOfTexts(
  name: string,
  judge: (texts: readonly JudgedText[]) => Judgement | undefined,
): AnswerGuardMaker {
  return { name, holds: false, judges: true, guard: () => new TextJudge(judge) };
}

class TextJudge implements AnswerGuard {
  private readonly texts = new Map<string, { readonly kind: AnswerTextKind; text: string; cut: boolean }>();

  constructor(private readonly judge: (texts: readonly JudgedText[]) => Judgement | undefined) {}

  text({ key, kind }: { readonly key: string; readonly kind: AnswerTextKind }, text: string): string {
    let read = this.texts.get(key);
    if (read === undefined) {
      read = { kind, text: '', cut: false };
      this.texts.set(key, read);
    }
    const room = MOST_CHARS - read.text.length;
    if (text.length > room) read.cut = true;
    read.text += text.length > room ? text.slice(0, room) : text;
    return text;
  }

  close(): string {
    return '';
  }

  end() {
    const said = this.judge([...this.texts.values()]);
    return said === undefined ? undefined : noted(said);
  }
}

/** A judgement in the words of guards. */
export function noted({ doubts, note }: Judgement) {
  return { word: doubts ? 'doubted' : 'passed', note, doubts };
}
