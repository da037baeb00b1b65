import type { AnswerBlock, AnswerGuard, AnswerGuardMaker, AnswerNote, AnswerTextKind } from '#contract/answer-guard.js';
import type { Milliseconds } from '#contract/units.js';

/** What a guard said, with its name and the time it took over the whole answer. */
export interface GuardReport extends AnswerNote {
  readonly guard: string;
  readonly ms: Milliseconds;
}

interface Link {
  readonly name: string;
  readonly guard: AnswerGuard;
  ms: Milliseconds;
}

/** The guards of one answer, one behind the other: what one lets pass is what the next one sees. */
export class GuardChain {
  private readonly links: Link[];
  private readonly open = new Map<string, AnswerBlock>();
  private told: readonly GuardReport[] = [];
  private over = false;
  /** Whether nothing may leave before the answer has ended well. */
  readonly holds: boolean;

  constructor(
    makers: readonly AnswerGuardMaker[],
    model: string,
    private readonly now: () => Milliseconds,
  ) {
    this.links = makers.map(maker => ({ name: maker.name, guard: maker.guard(model), ms: 0 }));
    this.holds = makers.some(({ holds }) => holds);
  }

  /** What the guards say of the answer; nothing before it has ended. */
  get reports(): readonly GuardReport[] {
    return this.told;
  }

  get ended(): boolean {
    return this.over;
  }

  /** A piece of a block's text. @returns what of the block may go on now. @throws AnswerStopped */
  text(key: string, kind: AnswerTextKind, text: string): string {
    let block = this.open.get(key);
    if (block === undefined) {
      block = { key, kind };
      this.open.set(key, block);
    }
    return this.through(block, text, false);
  }

  /** @returns what was held back of a block; empty for one that is not open. @throws AnswerStopped */
  close(key: string): string {
    const block = this.open.get(key);
    if (block === undefined) return '';
    this.open.delete(key);
    return this.through(block, '', true);
  }

  /** A block that comes whole. @throws AnswerStopped */
  whole(key: string, kind: AnswerTextKind, text: string): string {
    return this.text(key, kind, text) + this.close(key);
  }

  /** Log probabilities of the next tokens, for guards that look at them. */
  logprobs(values: readonly number[]): void {
    for (const { guard } of this.links) guard.logprobs?.(values);
  }

  /** A text of the request that the answer repeats, as the client is to read it. */
  repeated(text: string): string {
    return this.links.reduce((said, { guard }) => guard.repeated?.(said) ?? said, text);
  }

  /** Blocks that are open, by their keys. */
  get openKeys(): readonly string[] {
    return [...this.open.keys()];
  }

  /** The answer is whole. Asking twice asks the guards once. @throws AnswerStopped */
  end(): readonly GuardReport[] {
    if (this.over) return this.told;
    const told: GuardReport[] = [];
    for (const link of this.links) {
      const said = this.timed(link, () => link.guard.end());
      if (said !== undefined) told.push({ guard: link.name, ms: link.ms, ...said });
    }
    this.over = true;
    this.told = told;
    return told;
  }

  private through(block: AnswerBlock, text: string, last: boolean): string {
    let passing = text;
    for (const link of this.links) {
      const piece = passing;
      passing = this.timed(
        link,
        () => (piece === '' ? '' : link.guard.text(block, piece)) + (last ? link.guard.close(block) : ''),
      );
    }
    return passing;
  }

  private timed<T>(link: Link, work: () => T): T {
    const begun = this.now();
    try {
      return work();
    } finally {
      link.ms += this.now() - begun;
    }
  }
}

/** The member `weir` of an answer's body or last event: what the guards say, by their names. */
export function verdictsOf(reports: readonly GuardReport[]): { readonly weir?: Readonly<Record<string, unknown>> } {
  const said = reports.flatMap(({ guard, verdict }) => (verdict === undefined ? [] : [[guard, verdict] as const]));
  return said.length === 0 ? {} : { weir: Object.fromEntries(said) };
}
