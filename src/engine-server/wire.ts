import type { WeirError } from '#contract/errors.js';
import type { Usage } from '#contract/outcome.js';
import type { FinishReason, ToolCall } from './backend.js';
import { errorBody } from './error-body.js';

/** An answer as far as it has come: a piece for each time there was new text. */
export interface Written {
  readonly call: ToolCall | undefined;
  readonly pieces: readonly string[];
  /** Pieces of the thoughts before it. */
  readonly thoughts: readonly string[];
  readonly finish: FinishReason;
}

/** How one API writes answers, whole and as stream events. */
export interface Wire {
  /** The event of a piece of text: of the first one of its choice when `first`, and of a thought when `thought`. */
  piece(choice: number, text: string, first: boolean, call: ToolCall | undefined, thought: boolean): string;
  /** The event that ends a choice. */
  finish(choice: number, finish: FinishReason): string;
  /** What comes behind all choices: the counts, where they were asked for, and the end mark. */
  end(usage: Usage, includeUsage: boolean): string;
  /** The event that breaks a stream off. */
  failed(error: WeirError): string;
  /** All choices in one body. */
  whole(answers: readonly Written[], usage: Usage): string;
}

export interface WireHead {
  readonly id: string;
  readonly model: string;
  /** Seconds since the Unix epoch. */
  readonly created: number;
  /** Says what made the answer. */
  readonly fingerprint: string;
  readonly logprobs: boolean;
}

const DONE = 'data: [DONE]\n\n';

export function chatWire(head: WireHead): Wire {
  const top = `data: ${headText(head, 'chat.completion.chunk')},"choices":[`;
  return {
    piece(choice, text, first, call, thought) {
      const piece = JSON.stringify(text);
      const role = first ? '"role":"assistant",' : '';
      const place = thought ? 'reasoning_content' : 'content';
      const delta = call === undefined ? `${role}"${place}":${piece}` : `${role}${callDelta(call, first, piece)}`;
      const logprobs = head.logprobs ? JSON.stringify({ content: [chatLogprob(text)] }) : 'null';
      return `${top}{"index":${choice},"delta":{${delta}},"logprobs":${logprobs},"finish_reason":null}]}\n\n`;
    },
    finish: (choice, finish) =>
      `${top}{"index":${choice},"delta":{},"logprobs":null,"finish_reason":"${finish}"}]}\n\n`,
    end: (usage, includeUsage) => (includeUsage ? `${top}],"usage":${usageText(usage)}}\n\n${DONE}` : DONE),
    failed: error => `data: ${JSON.stringify(errorBody(error))}\n\n`,
    whole(answers, usage) {
      const choices = answers.map((answer, index) => ({
        index,
        message: { role: 'assistant', ...chatContent(answer) },
        logprobs: head.logprobs ? { content: answer.pieces.map(chatLogprob) } : null,
        finish_reason: answer.finish,
      }));
      return `${headText(head, 'chat.completion')},"choices":${JSON.stringify(choices)},"usage":${usageText(usage)}}`;
    },
  };
}

export function textWire(head: WireHead): Wire {
  const top = `data: ${headText(head, 'text_completion')},"choices":[`;
  return {
    piece(choice, text) {
      const logprobs = head.logprobs ? JSON.stringify(textLogprobs([text])) : 'null';
      return `${top}{"index":${choice},"text":${JSON.stringify(text)},"logprobs":${logprobs},"finish_reason":null}]}\n\n`;
    },
    finish: (choice, finish) => `${top}{"index":${choice},"text":"","logprobs":null,"finish_reason":"${finish}"}]}\n\n`,
    end: (usage, includeUsage) => (includeUsage ? `${top}],"usage":${usageText(usage)}}\n\n${DONE}` : DONE),
    failed: error => `data: ${JSON.stringify(errorBody(error))}\n\n`,
    whole(answers, usage) {
      const choices = answers.map((answer, index) => ({
        index,
        text: answer.pieces.join(''),
        logprobs: head.logprobs ? textLogprobs(answer.pieces) : null,
        finish_reason: answer.finish,
      }));
      return `${headText(head, 'text_completion')},"choices":${JSON.stringify(choices)},"usage":${usageText(usage)}}`;
    },
  };
}

/** The head's members as an object that is still open. */
function headText({ id, created, model, fingerprint }: WireHead, object: string): string {
  return JSON.stringify({ id, object, created, model, system_fingerprint: fingerprint }).slice(0, -1);
}

function usageText({ promptTokens, completionTokens, cachedTokens }: Usage): string {
  return JSON.stringify({
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  });
}

function callDelta({ id, name }: ToolCall, first: boolean, piece: string): string {
  if (!first) return `"tool_calls":[{"index":0,"function":{"arguments":${piece}}}]`;
  const names = `"id":${JSON.stringify(id)},"type":"function"`;
  return `"tool_calls":[{"index":0,${names},"function":{"name":${JSON.stringify(name)},"arguments":${piece}}}]`;
}

function chatContent({ pieces, thoughts, call }: Written): Record<string, unknown> {
  const text = pieces.join('');
  if (call === undefined)
    return thoughts.length === 0 ? { content: text } : { content: text, reasoning_content: thoughts.join('') };
  return {
    content: null,
    tool_calls: [{ id: call.id, type: 'function', function: { name: call.name, arguments: text } }],
  };
}

/** There is no distribution behind a simulated token, so each is certain. */
function chatLogprob(token: string): Record<string, unknown> {
  return { token, logprob: 0, bytes: [...Buffer.from(token)], top_logprobs: [] };
}

function textLogprobs(pieces: readonly string[]): Record<string, unknown> {
  const offsets: number[] = [];
  let offset = 0;
  for (const piece of pieces) {
    offsets.push(offset);
    offset += piece.length;
  }
  return { tokens: pieces, token_logprobs: pieces.map(() => 0), top_logprobs: null, text_offset: offsets };
}
