import type { ToolCallPart } from '#contract/request.js';
import type { Json } from '#protocols/json.js';
import type { Answer, AnswerEvent, AnswerUsage, Finish, OpenCall } from '#protocols/neutral/answer.js';
import { type ToolForms, unwrapFreeText } from '#protocols/neutral/custom-tools.js';
import type { AnswerHead, AnswerWriter } from '#protocols/protocol.js';
import { chatCall } from './chat-engine.js';
import { choiceIndexes, openaiUsage } from './terms.js';

/** Writes answers of other engines as Chat Completions. Thoughts go where vLLM and DeepSeek put them: `reasoning_content`. */
export class ChatWriter implements AnswerWriter {
  private begun = false;
  private readonly kinds: string[] = [];
  private readonly callIndex = new Map<number, number>();
  /** Arguments of calls of free-text tools: their text is known only when their JSON is whole. */
  private readonly freeTexts = new Map<number, string>();

  constructor(
    private readonly head: AnswerHead,
    private readonly wantsUsage: boolean,
    private readonly forms: ToolForms,
  ) {}

  whole(answer: Answer): string {
    const text = textOf(answer, 'text');
    const refusal = textOf(answer, 'refusal');
    const thought = textOf(answer, 'thinking');
    const calls = answer.parts.flatMap(part => (part.type === 'tool_call' ? [this.call(part)] : []));
    const message = {
      role: 'assistant',
      content: text === '' && (calls.length > 0 || refusal !== '') ? null : text,
      refusal: refusal === '' ? null : refusal,
      ...(thought === '' ? undefined : { reasoning_content: thought }),
      ...(calls.length > 0 ? { tool_calls: calls } : undefined),
    };
    return JSON.stringify({
      ...this.common('chat.completion'),
      choices: choiceIndexes(this.head).map(index => ({
        index,
        message,
        logprobs: null,
        finish_reason: FINISH[answer.finish],
      })),
      ...(answer.usage === undefined ? undefined : { usage: openaiUsage(answer.usage) }),
    });
  }

  event(event: AnswerEvent): string {
    switch (event.kind) {
      case 'open':
        this.kinds[event.block] = event.part;
        return event.part === 'tool_call' ? this.openCall(event.block, event.call) : '';
      case 'delta':
        return this.delta(event.block, event.text);
      case 'close':
        return this.close(event.block);
      case 'end':
        return this.end(event.finish, event.usage);
    }
  }

  private isFreeText({ name, form }: OpenCall): boolean {
    return (this.forms.get(name) ?? form) === 'custom';
  }

  private call(part: ToolCallPart): Json {
    if (!this.isFreeText(part)) return chatCall(part);
    const { id, name, arguments: args } = part;
    return { id, type: 'custom', custom: { name, input: unwrapFreeText(args) } };
  }

  private openCall(block: number, call: OpenCall): string {
    const { id, name } = call;
    const index = this.callIndex.size;
    this.callIndex.set(block, index);
    if (this.isFreeText(call)) {
      this.freeTexts.set(block, '');
      return this.chunk({ tool_calls: [{ index, id, type: 'custom', custom: { name, input: '' } }] }, null);
    }
    return this.chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }, null);
  }

  private close(block: number): string {
    const args = this.freeTexts.get(block);
    if (args === undefined) return '';
    const custom = { input: unwrapFreeText(args) };
    return this.chunk({ tool_calls: [{ index: this.callIndex.get(block), custom }] }, null);
  }

  private delta(block: number, text: string): string {
    switch (this.kinds[block]) {
      case 'text':
        return this.chunk({ content: text }, null);
      case 'thinking':
        return this.chunk({ reasoning_content: text }, null);
      case 'refusal':
        return this.chunk({ refusal: text }, null);
      default: {
        const args = this.freeTexts.get(block);
        if (args !== undefined) {
          this.freeTexts.set(block, args + text);
          return '';
        }
        return this.chunk({ tool_calls: [{ index: this.callIndex.get(block), function: { arguments: text } }] }, null);
      }
    }
  }

  private end(finish: Finish, usage: AnswerUsage | undefined): string {
    const last = this.chunk({}, FINISH[finish]);
    const counted =
      this.wantsUsage && usage !== undefined
        ? `data: ${JSON.stringify({ ...this.common('chat.completion.chunk'), choices: [], usage: openaiUsage(usage) })}\n\n`
        : '';
    return `${last}${counted}data: [DONE]\n\n`;
  }

  private chunk(delta: Json, finish: string | null): string {
    const said = this.begun ? delta : { role: 'assistant', ...delta };
    this.begun = true;
    let text = '';
    for (const index of choiceIndexes(this.head)) {
      const choices = [{ index, delta: said, logprobs: null, finish_reason: finish }];
      text += `data: ${JSON.stringify({ ...this.common('chat.completion.chunk'), choices })}\n\n`;
    }
    return text;
  }

  private common(object: string): Json {
    const { id, at, model } = this.head;
    return { id: `chatcmpl-${id}`, object, created: Math.floor(at / 1000), model };
  }
}

const FINISH: Readonly<Record<Finish, string>> = {
  stop: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
};

export function textOf(answer: Answer, type: 'text' | 'refusal' | 'thinking'): string {
  let text = '';
  for (const part of answer.parts) if (part.type === type) text += part.text;
  return text;
}
