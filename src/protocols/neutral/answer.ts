import type { Usage } from '#contract/outcome.js';
import type { TextPart, ThinkingPart, ToolCallPart } from '#contract/request.js';
import type { Tokens } from '#contract/units.js';

/** Token counts of an answer; {@link Usage.promptTokens} includes what was read from and written to a prompt cache. */
export interface AnswerUsage extends Usage {
  /** Of the prompt tokens, those newly written to a cache. */
  readonly cacheWriteTokens?: Tokens;
  /** Of the completion tokens, those spent on thinking. */
  readonly reasoningTokens?: Tokens;
}

/** Why an answer ended. */
export type Finish = 'stop' | 'stop_sequence' | 'length' | 'tool_calls' | 'content_filter';

const FINISH_WORD = /^[a-z_]{1,32}$/;

/** A finish reason as an engine wrote it; `undefined` for what no API calls one, which shall stand in no record or label. */
export function finishWord(value: unknown): string | undefined {
  return typeof value === 'string' && FINISH_WORD.test(value) ? value : undefined;
}

export type AnswerPart = TextPart | ThinkingPart | ToolCallPart | { readonly type: 'refusal'; readonly text: string };

/** A whole answer, in no API's shape. */
export interface Answer {
  readonly parts: readonly AnswerPart[];
  readonly finish: Finish;
  /** The text at which it stopped, for `stop_sequence`. */
  readonly stopSequence?: string;
  readonly usage?: AnswerUsage;
  /** What was in the answer and has no place outside its own API. */
  readonly foreign: readonly string[];
}

/**
 * An answer as it comes. Blocks are numbered from 0 in the order in which they open; text, thinking and refusals close before
 * the next block opens, calls of tools may stay open side by side. `end` comes last, and only if the engine said it was done.
 */
export type AnswerEvent =
  | { readonly kind: 'open'; readonly block: number; readonly part: 'text' | 'thinking' | 'refusal' }
  | { readonly kind: 'open'; readonly block: number; readonly part: 'tool_call'; readonly call: OpenCall }
  | { readonly kind: 'delta'; readonly block: number; readonly text: string }
  | { readonly kind: 'close'; readonly block: number; readonly seal?: Seal }
  | {
      readonly kind: 'end';
      readonly finish: Finish;
      readonly stopSequence?: string;
      readonly usage?: AnswerUsage;
    };

export type OpenCall = Pick<ToolCallPart, 'id' | 'name' | 'form'>;
export type Seal = Pick<ThinkingPart, 'signature' | 'sealedBy' | 'id'>;

/** The events that tell a whole answer. */
export function eventsOf({ parts, finish, stopSequence, usage }: Answer): AnswerEvent[] {
  const events: AnswerEvent[] = [];
  parts.forEach((part, block) => {
    if (part.type === 'tool_call') {
      const { id, name, form } = part;
      events.push({
        kind: 'open',
        block,
        part: 'tool_call',
        call: form === undefined ? { id, name } : { id, name, form },
      });
      events.push({ kind: 'delta', block, text: part.arguments }, { kind: 'close', block });
      return;
    }
    events.push({ kind: 'open', block, part: part.type }, { kind: 'delta', block, text: part.text });
    const seal = part.type === 'thinking' ? sealOf(part) : undefined;
    events.push(seal === undefined ? { kind: 'close', block } : { kind: 'close', block, seal });
  });
  events.push({
    kind: 'end',
    finish,
    ...(stopSequence === undefined ? undefined : { stopSequence }),
    ...(usage === undefined ? undefined : { usage }),
  });
  return events;
}

/** What a thinking part is sealed with, if it is. */
export function sealOf({ signature, sealedBy, id }: ThinkingPart): Seal | undefined {
  if (signature === undefined && id === undefined) return undefined;
  return {
    ...(signature === undefined ? undefined : { signature }),
    ...(sealedBy === undefined ? undefined : { sealedBy }),
    ...(id === undefined ? undefined : { id }),
  };
}

/** Puts the events of a stream together again. */
export class AnswerBuilder {
  private readonly blocks: { open: Extract<AnswerEvent, { kind: 'open' }>; text: string; seal?: Seal }[] = [];
  private ended: Extract<AnswerEvent, { kind: 'end' }> | undefined;

  add(event: AnswerEvent): void {
    if (event.kind === 'end') this.ended = event;
    else if (event.kind === 'open') this.blocks[event.block] = { open: event, text: '' };
    else {
      const block = this.blocks[event.block];
      if (block === undefined) return;
      if (event.kind === 'delta') block.text += event.text;
      else if (event.seal !== undefined) block.seal = event.seal;
    }
  }

  /** The answer so far; without an `end` it counts as cut at its length. */
  get answer(): Answer {
    const { finish = 'length', stopSequence, usage } = this.ended ?? {};
    return {
      parts: this.blocks.map(({ open, text, seal }): AnswerPart => {
        if (open.part === 'tool_call') return { type: 'tool_call', ...open.call, arguments: text };
        return open.part === 'thinking' ? { type: 'thinking', text, ...seal } : { type: open.part, text };
      }),
      finish,
      ...(stopSequence === undefined ? undefined : { stopSequence }),
      ...(usage === undefined ? undefined : { usage }),
      foreign: [],
    };
  }
}
