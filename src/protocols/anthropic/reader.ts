import { asText, isObject, type Json, parsedObject } from '#protocols/json.js';
import type { AnswerEvent, AnswerUsage, Finish, Seal } from '#protocols/neutral/answer.js';
import { Lost } from '#protocols/neutral/lost.js';
import type { AnswerReader } from '#protocols/protocol.js';
import type { SseEvent } from '#protocols/sse.js';
import { REDACTED } from './request.js';
import { failureOf, finishFrom, usageFrom } from './terms.js';

interface Block {
  readonly number: number;
  readonly kind: 'text' | 'thinking' | 'tool_call';
  /** Arguments that came whole with the block's start, should no pieces follow. */
  readonly whole: string;
  pieces: number;
  seal: Seal | undefined;
}

/** An Anthropic stream as neutral events. */
export class MessagesReader implements AnswerReader {
  private blocks = 0;
  /** Open blocks by Anthropic's index. */
  private readonly open = new Map<unknown, Block>();
  private usage: AnswerUsage | undefined;
  private finish: Finish = 'stop';
  private stopSequence: string | undefined;

  constructor(private readonly lost = new Lost()) {}

  read({ data }: SseEvent): readonly AnswerEvent[] {
    const event = parsedObject(data);
    switch (event?.type) {
      case 'message_start':
        this.usage = usageFrom(isObject(event.message) ? event.message.usage : undefined, this.usage);
        return [];
      case 'content_block_start':
        return this.start(event.index, isObject(event.content_block) ? event.content_block : {});
      case 'content_block_delta':
        return this.delta(this.open.get(event.index), isObject(event.delta) ? event.delta : {});
      case 'content_block_stop':
        return this.stop(event.index);
      case 'message_delta': {
        const delta = isObject(event.delta) ? event.delta : {};
        if (typeof delta.stop_reason === 'string') this.finish = finishFrom(delta.stop_reason);
        if (typeof delta.stop_sequence === 'string') this.stopSequence = delta.stop_sequence;
        this.usage = usageFrom(event.usage, this.usage);
        return [];
      }
      case 'message_stop':
        return this.end();
      case 'error':
        throw failureOf(event.error);
      default:
        return [];
    }
  }

  private start(index: unknown, content: Json): AnswerEvent[] {
    switch (content.type) {
      case 'text':
      case 'thinking': {
        const block = this.begin(index, content.type, '', undefined);
        const said = asText(content.type === 'text' ? content.text : content.thinking);
        const events: AnswerEvent[] = [{ kind: 'open', block: block.number, part: content.type }];
        if (said !== '') events.push({ kind: 'delta', block: block.number, text: said });
        return events;
      }
      case 'redacted_thinking': {
        const seal: Seal = { signature: asText(content.data), sealedBy: 'anthropic', id: REDACTED };
        return [{ kind: 'open', block: this.begin(index, 'thinking', '', seal).number, part: 'thinking' }];
      }
      case 'tool_use': {
        const { input } = content;
        const whole = isObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : '{}';
        const block = this.begin(index, 'tool_call', whole, undefined);
        const call = { id: asText(content.id), name: asText(content.name) };
        return [{ kind: 'open', block: block.number, part: 'tool_call', call }];
      }
      default:
        // What Anthropic's own tools say has no place elsewhere.
        this.lost.add(`content.${asText(content.type)}`);
        return [];
    }
  }

  private begin(index: unknown, kind: Block['kind'], whole: string, seal: Seal | undefined): Block {
    const block: Block = { number: this.blocks++, kind, whole, pieces: 0, seal };
    this.open.set(index, block);
    return block;
  }

  private delta(block: Block | undefined, delta: Json): AnswerEvent[] {
    if (block === undefined) return [];
    if (delta.type === 'signature_delta') {
      const signature = (block.seal?.signature ?? '') + asText(delta.signature);
      block.seal = { signature, sealedBy: 'anthropic' };
      return [];
    }
    if (delta.type === 'citations_delta') this.lost.add('citations');
    const text = asText(delta.text) || asText(delta.thinking) || asText(delta.partial_json);
    if (text === '') return [];
    block.pieces++;
    return [{ kind: 'delta', block: block.number, text }];
  }

  private stop(index: unknown): AnswerEvent[] {
    const block = this.open.get(index);
    if (block === undefined) return [];
    this.open.delete(index);
    const { number, kind, pieces, whole, seal } = block;
    const events: AnswerEvent[] = [];
    if (kind === 'tool_call' && pieces === 0) events.push({ kind: 'delta', block: number, text: whole });
    events.push({ kind: 'close', block: number, ...(seal === undefined ? undefined : { seal }) });
    return events;
  }

  private end(): AnswerEvent[] {
    const events = [...this.open.keys()].flatMap(index => this.stop(index));
    const { finish, stopSequence, usage } = this;
    events.push({
      kind: 'end',
      finish,
      ...(stopSequence === undefined ? undefined : { stopSequence }),
      ...(usage === undefined ? undefined : { usage }),
    });
    return events;
  }
}
