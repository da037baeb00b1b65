import { type AnswerBlock, type AnswerGuard, type AnswerNote, AnswerStopped } from '#contract/answer-guard.js';
import type { GroundingContext } from '#models/grounding/features.js';
import { type GroundingHead, ungrounded } from '#models/grounding/grounding-head.js';
import { sentenceEnds } from '#models/grounding/sentences.js';

/** What is done with an answer that says what its context does not. */
export type GroundingAction = 'annotate' | 'regenerate' | 'withhold';

/** Sentences that are named in a verdict. */
const MOST_SPANS = 32;

/** Holds an answer's sentences against the context as they pass. */
export class GroundingGuard implements AnswerGuard {
  /** Of each block, what is no whole sentence yet, and how far the block has been read. */
  private readonly pending = new Map<string, { rest: string; at: number }>();
  private sentences = 0;
  private flagged = 0;
  private worst = 0;
  private stop: AnswerStopped | undefined;
  private readonly spans: { readonly block: string; readonly start: number; readonly end: number }[] = [];

  constructor(
    private readonly head: GroundingHead,
    private readonly context: GroundingContext,
    private readonly action: GroundingAction,
    private readonly threshold: number,
  ) {}

  text(block: AnswerBlock, text: string): string {
    if (block.kind !== 'text') return text;
    const state = this.pending.get(block.key) ?? { rest: '', at: 0 };
    this.pending.set(block.key, state);
    const all = state.rest + text;
    let from = 0;
    this.refuse();
    for (const end of sentenceEnds(all)) {
      this.judge(block.key, all.slice(from, end), state.at + from);
      if (this.stop !== undefined) {
        // What came before is no worse for it, however the engine cut its stream.
        if (this.action === 'regenerate' || from === 0) this.refuse();
        return all.slice(0, from);
      }
      from = end;
    }
    state.rest = all.slice(from);
    state.at += from;
    // What is to be withheld is passed by the sentence, all else as it comes.
    return this.action === 'withhold' ? all.slice(0, from) : text;
  }

  close({ key }: AnswerBlock): string {
    const state = this.pending.get(key);
    this.pending.delete(key);
    if (state === undefined) return '';
    this.refuse();
    this.judge(key, state.rest, state.at);
    this.refuse();
    return this.action === 'withhold' ? state.rest : '';
  }

  end(): AnswerNote {
    this.refuse();
    const { sentences, flagged, spans } = this;
    const grounded = flagged === 0;
    const score = Math.round((1 - this.worst) * 1e3) / 1e3;
    const word = grounded ? 'grounded' : 'ungrounded';
    return {
      word,
      doubts: !grounded,
      note: `${word} ${score.toFixed(2)}, ${flagged} of ${sentences} sentences beyond the context`,
      header: `${word} ${score.toFixed(2)}`,
      verdict: { grounded, score, sentences, flagged, spans: spans.map(({ start, end }) => [start, end]) },
    };
  }

  private judge(block: string, sentence: string, at: number): void {
    const probability = ungrounded(this.head, this.context, sentence);
    if (probability === undefined) return;
    this.sentences++;
    this.worst = Math.max(this.worst, probability);
    if (probability < this.threshold) return;
    this.flagged++;
    if (this.action === 'annotate') {
      const start = at + (sentence.length - sentence.trimStart().length);
      if (this.spans.length < MOST_SPANS) this.spans.push({ block, start, end: at + sentence.trimEnd().length });
      return;
    }
    this.stop = new AnswerStopped(
      'answer.ungrounded',
      'The answer says what the context that came with the request does not',
      this.action === 'regenerate',
    );
  }

  private refuse(): void {
    if (this.stop !== undefined) throw this.stop;
  }
}
