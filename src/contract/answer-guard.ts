import { type ErrorCode, WeirError } from './errors.js';

/**
 * What a text of an answer is. `arguments` are the JSON text of a tool's arguments, `input` is what a tool is called with where that
 * is plain text already.
 */
export type AnswerTextKind = 'text' | 'thinking' | 'refusal' | 'arguments' | 'input';

/** Where in an answer a text stands: blocks of one answer have keys of their own; of several answers to one request, each has its own. */
export interface AnswerBlock {
  readonly key: string;
  readonly kind: AnswerTextKind;
}

/** What a guard says of an answer that has passed it: for the client, the record and the metrics. Holds no text of the answer. */
export interface AnswerNote {
  /** One word of a few, for the record and the metrics: `grounded`. Absent where there is nothing to judge. */
  readonly word?: string;
  /** For the record: `grounded 0.93`. */
  readonly note: string;
  /** For clients: goes into the header `x-weir-<guard>` of a whole answer, and into the member `weir` of its body or last event. */
  readonly verdict?: Readonly<Record<string, unknown>>;
  /** Short, printable ASCII: the header's value. */
  readonly header?: string;
  /** It speaks against the answer: a strategy that can ask another model may do so. */
  readonly doubts?: boolean;
}

/**
 * Sees the texts of one answer on their way to the client, in order: it may change them, hold some back until more is known, or stop the
 * answer. A whole answer comes as one piece of text a block, a stream in as many as the engine made.
 */
export interface AnswerGuard {
  /**
   * @returns what may go on now, of what was held back before and of this piece.
   * @throws AnswerStopped
   */
  text(block: AnswerBlock, text: string): string;
  /** Nothing more comes of a block. @returns what was held back of it. @throws AnswerStopped */
  close(block: AnswerBlock): string;
  /** What a text of the request that the answer repeats is for the client. */
  repeated?(text: string): string;
  /** Natural logarithms of the probabilities of the next tokens, where the engine tells them. */
  logprobs?(values: readonly number[]): void;
  /** The answer is whole and is not yet all with the client. @throws AnswerStopped */
  end(): AnswerNote | undefined;
}

/** Makes a guard for the answer of each attempt. */
export interface AnswerGuardMaker {
  /** A short word: part of header names and metrics. */
  readonly name: string;
  /** Whether nothing of an answer may leave before it has ended well: for guards that have another model asked. */
  readonly holds: boolean;
  /** Only asked of answers that a strategy holds back. */
  readonly judges?: boolean;
  guard(model: string): AnswerGuard;
}

/** Thrown by a guard: this answer is not to reach the client, or no more of it. */
export class AnswerStopped extends WeirError {
  constructor(
    code: ErrorCode,
    message: string,
    /** Whether another model may try, where nothing has left yet. */
    readonly another: boolean,
  ) {
    super(code, message);
  }
}

/**
 * What a text of a request is: what someone says, the JSON text of a tool's `arguments`, the `name` of a message's author, or a text of a
 * `definition`, which says what can be called and how an answer has to be.
 */
export type SentAs = 'text' | 'arguments' | 'name' | 'definition';

/** A text of a request that goes on to an engine: what a {@link TextRewrite} is asked for. */
export interface SentText {
  readonly text: string;
  readonly as: SentAs;
  /** Set where the application says by it who the end user is. */
  readonly namesUser?: true;
}

/** Texts of a request as the engine is to read them. Names stay fit to be names, JSON stays JSON. */
export type TextRewrite = (text: string, as: SentAs) => string;
