/** Typing is let come to rest before what was typed is checked. */
const REST_MS = 400;
/** A check that could not be made is tried again. */
const AGAIN_MS = 2000;

/** A text, and the version that it is compared with. */
export interface Subject {
  readonly text: string;
  readonly version: string;
}

export interface CheckingPorts<Answer> {
  check(subject: Subject, signal: AbortSignal): Promise<Answer>;
  /** Whether a check that failed so may come off the next time. */
  passing(error: unknown): boolean;
  /** @returns how to call it off. */
  after(ms: number, task: () => void): () => void;
  /** There is something else to show. */
  changed(): void;
}

/**
 * Has a text checked as it is written. Whatever comes in between, late, out of order or not at all: the last text that was wanted is checked,
 * and no answer to another is taken for its.
 */
export class Checking<Answer> {
  /** The last answer, and to what. */
  found: { readonly subject: Subject; readonly answer: Answer } | undefined;
  /** Why the last text has not been checked. */
  error: unknown;
  private wanted: Subject | undefined;
  private halt = (): void => {};

  constructor(private readonly ports: CheckingPorts<Answer>) {}

  /** What is to be checked from now on; nothing where it is absent. */
  want(subject: Subject | undefined): void {
    if (isSame(subject, this.wanted)) return;
    this.wanted = subject;
    this.halt();
    if (subject !== undefined) this.askIn(REST_MS, subject);
    else this.settle(undefined, undefined);
  }

  /** The answer to a text, where it is known. */
  answerTo(subject: Subject): Answer | undefined {
    return isSame(this.found?.subject, subject) ? this.found?.answer : undefined;
  }

  /** Something else has told of a text what a check would. */
  learn(subject: Subject, answer: Answer): void {
    if (!isSame(subject, this.wanted)) return;
    this.halt();
    this.settle({ subject, answer }, undefined);
  }

  stop(): void {
    this.wanted = undefined;
    this.halt();
  }

  private askIn(ms: number, subject: Subject): void {
    const control = new AbortController();
    const cancel = this.ports.after(ms, () => void this.ask(subject, control.signal));
    this.halt = () => {
      cancel();
      control.abort();
    };
  }

  private async ask(subject: Subject, signal: AbortSignal): Promise<void> {
    try {
      const answer = await this.ports.check(subject, signal);
      if (!signal.aborted) this.settle({ subject, answer }, undefined);
    } catch (error) {
      if (signal.aborted) return;
      if (this.ports.passing(error)) this.askIn(AGAIN_MS, subject);
      this.settle(this.found, error);
    }
  }

  private settle(found: Checking<Answer>['found'], error: unknown): void {
    this.found = found;
    this.error = error;
    this.ports.changed();
  }
}

function isSame(one: Subject | undefined, other: Subject | undefined): boolean {
  return one?.text === other?.text && one?.version === other?.version;
}
