import { asText, isObject, type Json, objectsIn, parsedObject } from '#protocols/json.js';
import type { AnswerEvent } from '#protocols/neutral/answer.js';
import { wrapFreeText } from '#protocols/neutral/custom-tools.js';
import { Lost } from '#protocols/neutral/lost.js';
import type { AnswerReader } from '#protocols/protocol.js';
import type { SseEvent } from '#protocols/sse.js';
import { thoughtText } from './items.js';
import { failureOf, finishFrom, sealFrom, usageFrom } from './terms.js';

interface Block {
  readonly number: number;
  readonly kind: 'text' | 'refusal' | 'thinking' | 'function' | 'custom';
  said: number;
  /** Part of a summary that is being told. */
  part: unknown;
}

/** A Responses stream as neutral events. */
export class ResponsesReader implements AnswerReader {
  private blocks = 0;
  /** Open blocks by the item they belong to, and for texts also by their place in it. */
  private readonly open = new Map<string, Block>();
  /** Texts that have been told. */
  private readonly told = new Set<string>();
  private called = false;

  constructor(private readonly lost = new Lost()) {}

  read({ data }: SseEvent): readonly AnswerEvent[] {
    const event = parsedObject(data);
    switch (event?.type) {
      case 'response.output_item.added':
        return this.item(event);
      case 'response.output_text.delta':
        return this.said(event, 'text');
      case 'response.refusal.delta':
        return this.said(event, 'refusal');
      case 'response.output_text.annotation.added':
        this.lost.add('annotations');
        return [];
      case 'response.content_part.done':
        return this.textDone(event);
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return this.thought(event);
      case 'response.function_call_arguments.delta':
        return this.delta(this.open.get(itemKey(event)), asText(event.delta));
      case 'response.output_item.done':
        return this.done(event);
      case 'response.completed':
      case 'response.incomplete':
        return this.end(isObject(event.response) ? event.response : {});
      case 'response.failed':
        throw failureOf(isObject(event.response) ? event.response.error : undefined);
      case 'error':
        throw failureOf(isObject(event.error) ? event.error : event);
      default:
        return [];
    }
  }

  private item(event: Json): AnswerEvent[] {
    const item = isObject(event.item) ? event.item : {};
    switch (item.type) {
      case 'reasoning': {
        const block = this.begin(itemKey(event), 'thinking');
        return [{ kind: 'open', block: block.number, part: 'thinking' }];
      }
      case 'function_call':
      case 'custom_tool_call': {
        const custom = item.type === 'custom_tool_call';
        const block = this.begin(itemKey(event), custom ? 'custom' : 'function');
        const call = {
          id: asText(item.call_id),
          name: asText(item.name),
          ...(custom ? { form: 'custom' as const } : undefined),
        };
        this.called = true;
        return [{ kind: 'open', block: block.number, part: 'tool_call', call }];
      }
      case 'message':
        return [];
      default:
        // What OpenAI's own tools did has no place elsewhere.
        this.lost.add(`output.${asText(item.type)}`);
        return [];
    }
  }

  private begin(key: string, kind: Block['kind']): Block {
    const block: Block = { number: this.blocks++, kind, said: 0, part: undefined };
    this.open.set(key, block);
    return block;
  }

  private said(event: Json, kind: 'text' | 'refusal'): AnswerEvent[] {
    const key = partKey(event);
    const known = this.open.get(key);
    if (known !== undefined) return this.delta(known, asText(event.delta));
    const block = this.begin(key, kind);
    return [{ kind: 'open', block: block.number, part: kind }, ...this.delta(block, asText(event.delta))];
  }

  /** A text that came whole, without deltas, is told now. */
  private textDone(event: Json): AnswerEvent[] {
    const key = partKey(event);
    const part = isObject(event.part) ? event.part : {};
    if (part.type !== 'output_text' && part.type !== 'refusal') return [];
    const events: AnswerEvent[] = [];
    if (!this.open.has(key)) {
      const kind = part.type === 'refusal' ? 'refusal' : 'text';
      const whole = asText(kind === 'refusal' ? part.refusal : part.text);
      if (whole === '') return [];
      events.push(...this.said({ ...event, delta: whole }, kind));
    }
    events.push({ kind: 'close', block: this.open.get(key)!.number });
    this.open.delete(key);
    this.told.add(key);
    return events;
  }

  private thought(event: Json): AnswerEvent[] {
    const block = this.open.get(itemKey(event));
    if (block === undefined) return [];
    const part = event.summary_index ?? event.content_index;
    const gap = block.said > 0 && part !== block.part ? '\n\n' : '';
    block.part = part;
    return this.delta(block, gap + asText(event.delta));
  }

  private delta(block: Block | undefined, text: string): AnswerEvent[] {
    if (block === undefined || text === '') return [];
    block.said += text.length;
    return [{ kind: 'delta', block: block.number, text }];
  }

  private done(event: Json): AnswerEvent[] {
    const item = isObject(event.item) ? event.item : {};
    if (item.type === 'message') return this.messageDone(event, item);
    const key = itemKey(event);
    const block = this.open.get(key);
    if (block === undefined) return [];
    this.open.delete(key);
    const events: AnswerEvent[] = [];
    if (block.said === 0) {
      const whole = wholeOf(item);
      if (whole !== '') events.push({ kind: 'delta', block: block.number, text: whole });
    }
    const seal = block.kind === 'thinking' ? { seal: sealFrom(item) } : undefined;
    events.push({ kind: 'close', block: block.number, ...seal });
    return events;
  }

  /** Engines may leave out the events of parts: what was not told yet is told with the item. */
  private messageDone(event: Json, item: Json): AnswerEvent[] {
    return objectsIn(item.content).flatMap((part, content_index) => {
      const key = partKey({ ...event, content_index });
      if (this.told.has(key)) return [];
      return this.textDone({ ...event, content_index, part });
    });
  }

  private end(response: Json): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    for (const { number } of this.open.values()) events.push({ kind: 'close', block: number });
    const usage = usageFrom(response.usage);
    const finish = finishFrom(response, this.called);
    events.push({ kind: 'end', finish, ...(usage === undefined ? undefined : { usage }) });
    return events;
  }
}

function wholeOf(item: Json): string {
  if (item.type === 'function_call') return asText(item.arguments);
  // Free text comes out whole: it is an argument like any other to all other APIs.
  return item.type === 'custom_tool_call' ? wrapFreeText(asText(item.input)) : thoughtText(item);
}

function itemKey(event: Json): string {
  return `${event.output_index ?? 0}`;
}

function partKey(event: Json): string {
  return `${event.output_index ?? 0}/${event.content_index ?? 0}`;
}
