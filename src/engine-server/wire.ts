import type { Usage } from '#contract/outcome.js';
import type { Answer } from './answer.js';

/** Says in every answer that nothing real made it. */
export const FINGERPRINT = 'weir-simulated';

/** How one API writes answers, whole and as stream events. */
export interface Wire {
  /** The event of one token. */
  token(choice: number, answer: Answer, at: number): string;
  /** The event that ends a choice. */
  finish(choice: number, answer: Answer): string;
  /** What comes behind all choices: the counts, where they were asked for, and the end mark. */
  end(usage: Usage, includeUsage: boolean): string;
  /** All choices in one body. */
  whole(answers: readonly Answer[], usage: Usage): string;
}

export interface WireHead {
  readonly id: string;
  readonly model: string;
  /** Seconds since the Unix epoch. */
  readonly created: number;
  readonly logprobs: boolean;
}

const DONE = 'data: [DONE]\n\n';

export function chatWire(head: WireHead): Wire {
  const top = `data: ${headText(head, 'chat.completion.chunk')},"choices":[`;
  return {
    token(choice, answer, at) {
      const piece = JSON.stringify(answer.pieces[at]);
      const role = at === 0 ? '"role":"assistant",' : '';
      const place = at < (answer.thoughts ?? 0) ? 'reasoning_content' : 'content';
      const delta = answer.call === undefined ? `${role}"${place}":${piece}` : `${role}${callDelta(answer, at, piece)}`;
      const logprobs = head.logprobs ? JSON.stringify({ content: [chatLogprob(answer.pieces[at]!)] }) : 'null';
      return `${top}{"index":${choice},"delta":{${delta}},"logprobs":${logprobs},"finish_reason":null}]}\n\n`;
    },
    finish: (choice, answer) =>
      `${top}{"index":${choice},"delta":{},"logprobs":null,"finish_reason":"${answer.finish}"}]}\n\n`,
    end: (usage, includeUsage) => (includeUsage ? `${top}],"usage":${usageText(usage)}}\n\n${DONE}` : DONE),
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
    token(choice, answer, at) {
      const text = answer.pieces[at]!;
      const logprobs = head.logprobs ? JSON.stringify(textLogprobs([text])) : 'null';
      return `${top}{"index":${choice},"text":${JSON.stringify(text)},"logprobs":${logprobs},"finish_reason":null}]}\n\n`;
    },
    finish: (choice, answer) =>
      `${top}{"index":${choice},"text":"","logprobs":null,"finish_reason":"${answer.finish}"}]}\n\n`,
    end: (usage, includeUsage) => (includeUsage ? `${top}],"usage":${usageText(usage)}}\n\n${DONE}` : DONE),
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
function headText({ id, created, model }: WireHead, object: string): string {
  return JSON.stringify({ id, object, created, model, system_fingerprint: FINGERPRINT }).slice(0, -1);
}

function usageText({ promptTokens, completionTokens, cachedTokens }: Usage): string {
  return JSON.stringify({
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  });
}

function callDelta({ call }: Answer, at: number, piece: string): string {
  if (at > 0 || call === undefined) return `"tool_calls":[{"index":0,"function":{"arguments":${piece}}}]`;
  const names = `"id":${JSON.stringify(call.id)},"type":"function"`;
  return `"tool_calls":[{"index":0,${names},"function":{"name":${JSON.stringify(call.name)},"arguments":${piece}}}]`;
}

function chatContent({ pieces, call, thoughts = 0 }: Answer): Record<string, unknown> {
  const text = pieces.slice(thoughts).join('');
  if (call === undefined) {
    const thought = pieces.slice(0, thoughts).join('');
    return thought === '' ? { content: text } : { content: text, reasoning_content: thought };
  }
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
