import type { AnswerTextKind } from '#contract/answer-guard.js';
import { type GuardChain, verdictsOf } from '#protocols/guards/guard-chain.js';
import { isObject, type Json, objectsIn, parsedObject } from '#protocols/json.js';
import type { AnswerForm, StreamForm } from '#protocols/protocol.js';
import type { SseEvent } from '#protocols/sse.js';
import { partKey, partOf, partsThrough, wholeParts } from './answer-parts.js';

/** Members of a message or delta that hold text. Thoughts stand where vLLM, DeepSeek and others put them. */
const TEXTS: Readonly<Record<string, AnswerTextKind>> = {
  reasoning_content: 'thinking',
  reasoning: 'thinking',
  content: 'text',
  refusal: 'refusal',
};

/** What the streams of Chat Completions and of the older completions have in common. */
abstract class ChoicesStream implements StreamForm {
  readonly added = 0;
  private readonly finished = new Set<number>();
  private head: Json = {};

  constructor(
    protected readonly guards: GuardChain,
    private readonly answers: number,
  ) {}

  event({ data }: SseEvent): string {
    if (data === '[DONE]') return this.done();
    const chunk = parsedObject(data);
    if (chunk === undefined || !Array.isArray(chunk.choices)) return printed(data);
    const { choices: _, usage: _usage, ...head } = chunk;
    this.head = head;
    let before = '';
    const choices = chunk.choices.map((choice: unknown) => {
      if (!isObject(choice)) return choice;
      const index = typeof choice.index === 'number' ? choice.index : 0;
      tellLogprobs(choice, this.guards);
      const { said, closed } = this.read(choice, index);
      const ends = typeof choice.finish_reason === 'string';
      const keys = ends ? this.guards.openKeys.filter(key => key.startsWith(`${index}.`)) : closed;
      const rest = this.flush(index, keys);
      // What closes before this chunk's text was said before it; at an end, what is left comes after it.
      if (!ends) {
        before += rest;
        return said;
      }
      this.finished.add(index);
      if (rest === '') return said;
      before += this.chunk([this.withoutEnd(said)]) + rest;
      return this.ending(said);
    });
    const all = this.finished.size >= this.answers;
    const verdicts = all && choices.length > 0 && !this.guards.ended ? verdictsOf(this.guards.end()) : {};
    return before + printed(JSON.stringify({ ...chunk, choices, ...verdicts }));
  }

  /** Leads the texts of a choice past the guards. @returns the choice, and the blocks that are over with it. */
  protected abstract read(choice: Json, index: number): { readonly said: Json; readonly closed: readonly string[] };
  /** A choice that says only this text of a block. */
  protected abstract saying(index: number, key: string, text: string): Json;
  /** The choice without its end, and the end without what was said. */
  protected abstract withoutEnd(choice: Json): Json;
  protected abstract ending(choice: Json): Json;

  private done(): string {
    let left = '';
    for (const key of this.guards.openKeys) left += this.flush(Number.parseInt(key, 10), [key]);
    this.guards.end();
    return `${left}data: [DONE]\n\n`;
  }

  private flush(index: number, keys: readonly string[]): string {
    let text = '';
    for (const key of keys) {
      const rest = this.guards.close(key);
      if (rest !== '') text += this.chunk([this.saying(index, key, rest)]);
    }
    return text;
  }

  private chunk(choices: readonly Json[]): string {
    return printed(JSON.stringify({ ...this.head, choices }));
  }
}

class ChatStream extends ChoicesStream {
  protected read(choice: Json, index: number) {
    if (!isObject(choice.delta)) return { said: choice, closed: [] };
    const delta: Record<string, unknown> = { ...choice.delta };
    const closed: string[] = [];
    for (const [member, kind] of Object.entries(TEXTS)) {
      const text = delta[member];
      if (typeof text !== 'string' || text === '') continue;
      const key = `${index}.${member}`;
      closed.push(...this.othersThan(index, key));
      delta[member] = this.guards.text(key, kind, text);
    }
    if (Array.isArray(delta.content)) {
      const own = [partKey(index, 'text'), partKey(index, 'thinking')];
      closed.push(...this.othersThan(index, ...own));
      delta.content = partsThrough(delta.content, index, this.guards);
    }
    if (Array.isArray(delta.tool_calls)) {
      delta.tool_calls = delta.tool_calls.map((call: unknown) => {
        if (!isObject(call)) return call;
        const key = `${index}.call.${typeof call.index === 'number' ? call.index : 0}`;
        closed.push(...this.othersThan(index, `${index}.call.`));
        return callThrough(call, (kind, text) => (text === '' ? '' : this.guards.text(`${key}.${kind}`, kind, text)));
      });
    }
    if (isObject(delta.function_call)) {
      const key = `${index}.function_call`;
      closed.push(...this.othersThan(index, key));
      delta.function_call = functionThrough(delta.function_call, text =>
        text === '' ? '' : this.guards.text(key, 'arguments', text),
      );
    }
    return { said: { ...choice, delta }, closed };
  }

  /** Texts of a choice come one after the other; calls of tools may be open side by side. */
  private othersThan(index: number, ...prefixes: readonly string[]): readonly string[] {
    return this.guards.openKeys.filter(
      key => key.startsWith(`${index}.`) && !prefixes.some(prefix => key.startsWith(prefix)),
    );
  }

  protected saying(index: number, key: string, text: string): Json {
    const [, member = '', call, kind] = key.split('.');
    if (member === 'thoughts') return { index, delta: { content: [partOf('thinking', text)] }, finish_reason: null };
    const delta =
      member === 'call'
        ? { tool_calls: [{ index: Number(call), ...callMember(kind as AnswerTextKind, text) }] }
        : { [member]: member === 'function_call' ? { arguments: text } : text };
    return { index, delta, finish_reason: null };
  }

  protected withoutEnd(choice: Json): Json {
    return { ...choice, finish_reason: null };
  }

  protected ending(choice: Json): Json {
    const { logprobs: _, ...rest } = choice;
    return { ...rest, delta: {} };
  }
}

class CompletionsStream extends ChoicesStream {
  protected read(choice: Json, index: number) {
    const { text } = choice;
    if (typeof text !== 'string' || text === '') return { said: choice, closed: [] };
    return { said: { ...choice, text: this.guards.text(`${index}.text`, 'text', text) }, closed: [] };
  }

  protected saying(index: number, _key: string, text: string): Json {
    return { index, text, logprobs: null, finish_reason: null };
  }

  protected withoutEnd(choice: Json): Json {
    return { ...choice, finish_reason: null };
  }

  protected ending(choice: Json): Json {
    return { ...choice, text: '', logprobs: null };
  }
}

function printed(data: string): string {
  return `data: ${data}\n\n`;
}

function callMember(kind: AnswerTextKind, text: string): Json {
  return kind === 'input' ? { custom: { input: text } } : { function: { arguments: text } };
}

/** A call with its arguments, or the free text in their place, led past the guards. */
function callThrough(call: Json, lead: (kind: 'arguments' | 'input', text: string) => string): Json {
  const { function: fn, custom } = call;
  return {
    ...call,
    ...(isObject(fn) && typeof fn.arguments === 'string'
      ? { function: { ...fn, arguments: lead('arguments', fn.arguments) } }
      : undefined),
    ...(isObject(custom) && typeof custom.input === 'string'
      ? { custom: { ...custom, input: lead('input', custom.input) } }
      : undefined),
  };
}

/** The older form of the one call of a tool. */
function functionThrough(call: Json, lead: (text: string) => string): Json {
  return typeof call.arguments === 'string' ? { ...call, arguments: lead(call.arguments) } : call;
}

function messageThrough(message: Json, index: number, guards: GuardChain): Json {
  const said: Record<string, unknown> = { ...message };
  for (const [member, kind] of Object.entries(TEXTS)) {
    const text = message[member];
    if (typeof text === 'string') said[member] = guards.whole(`${index}.${member}`, kind, text);
  }
  if (Array.isArray(message.content)) said.content = wholeParts(message.content, index, guards);
  if (Array.isArray(message.tool_calls)) {
    said.tool_calls = objectsIn(message.tool_calls).map((call, at) =>
      callThrough(call, (kind, text) => guards.whole(`${index}.call.${at}`, kind, text)),
    );
  }
  if (isObject(message.function_call)) {
    said.function_call = functionThrough(message.function_call, text =>
      guards.whole(`${index}.function_call`, 'arguments', text),
    );
  }
  return said;
}

/** Log probabilities as Chat Completions and as the older completions have them. */
function tellLogprobs({ logprobs }: Json, guards: GuardChain): void {
  if (!isObject(logprobs)) return;
  const { content, token_logprobs: plain } = logprobs;
  const values = Array.isArray(content) ? objectsIn(content).map(({ logprob }) => logprob) : plain;
  if (Array.isArray(values)) guards.logprobs(values.filter(value => typeof value === 'number'));
}

function choicesThrough(answer: Json, guards: GuardChain, lead: (choice: Json, index: number) => Json): Json {
  const choices = objectsIn(answer.choices).map((choice, index) => {
    tellLogprobs(choice, guards);
    return lead(choice, index);
  });
  return { ...answer, choices, ...verdictsOf(guards.end()) };
}

/** Where the texts stand in Chat Completions. Log probabilities are left as they are. */
export const chatForm: AnswerForm = {
  whole: (answer, guards) =>
    choicesThrough(answer, guards, (choice, index) =>
      isObject(choice.message) ? { ...choice, message: messageThrough(choice.message, index, guards) } : choice,
    ),
  stream: (guards, answers) => new ChatStream(guards, answers),
};

/** Where the texts stand in the older completions. */
export const completionsForm: AnswerForm = {
  whole: (answer, guards) =>
    choicesThrough(answer, guards, (choice, index) =>
      typeof choice.text === 'string'
        ? { ...choice, text: guards.whole(`${index}.text`, 'text', choice.text) }
        : choice,
    ),
  stream: (guards, answers) => new CompletionsStream(guards, answers),
};
