import { asText, isObject, type Json, objectsIn, parsedObject } from '#protocols/json.js';
import { type AnswerEvent, type AnswerUsage, finishWord } from '#protocols/neutral/answer.js';
import type { AnswerReader } from '#protocols/protocol.js';
import type { SseEvent } from '#protocols/sse.js';
import { textsIn } from './answer-parts.js';
import { answerUsage, engineFailure, finishOf, stopTextOf } from './terms.js';

type Running = 'text' | 'thinking' | 'refusal';

/** Calls one answer may make: a bound on what a broken engine can make Weir remember. */
const MOST_CALLS = 256;

/** A Chat Completions stream as neutral events. The first choice alone is read: other APIs have but one. */
export class ChatReader implements AnswerReader {
  private blocks = 0;
  private running: { readonly part: Running; readonly block: number } | undefined;
  /** Calls by the index that the engine gives them: the last of each. */
  private readonly calls = new Map<number, { readonly block: number; readonly id: string }>();
  /** Calls that have not been closed, with what came of their arguments. */
  private readonly open = new Map<number, string>();
  private made = 0;
  private finish: unknown;
  private stopSequence: string | undefined;
  private usage: AnswerUsage | undefined;
  /** The last event could not be read: the stream may have broken off in it. */
  private half = false;

  read({ data }: SseEvent): readonly AnswerEvent[] {
    if (data === '[DONE]') return this.end();
    const chunk = parsedObject(data);
    this.half = chunk === undefined;
    if (chunk === undefined) return NOTHING;
    if (chunk.error !== undefined && chunk.error !== null) {
      throw engineFailure(isObject(chunk.error) ? chunk.error.message : chunk.error);
    }
    this.usage = answerUsage(chunk.usage) ?? this.usage;
    const choice = objectsIn(chunk.choices).find(({ index }) => index === undefined || index === 0);
    if (choice === undefined) return NOTHING;
    if (choice.finish_reason !== undefined && choice.finish_reason !== null) {
      this.finish = choice.finish_reason;
      this.stopSequence = stopTextOf(choice);
    }
    return isObject(choice.delta) ? this.delta(choice.delta) : NOTHING;
  }

  /** Some engines and proxies leave the end mark out. */
  closed(): readonly AnswerEvent[] {
    return this.half || finishWord(this.finish) === undefined ? NOTHING : this.end();
  }

  private delta(delta: Json): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    const { content } = delta;
    this.tell(
      events,
      'thinking',
      asText(delta.reasoning_content) || asText(delta.reasoning) || textsIn(content, 'thinking'),
    );
    this.tell(events, 'text', asText(content) || textsIn(content, 'text'));
    this.tell(events, 'refusal', asText(delta.refusal));
    for (const call of objectsIn(delta.tool_calls)) this.called(events, call);
    return events;
  }

  private tell(events: AnswerEvent[], part: Running, text: string): void {
    if (text === '') return;
    if (this.running?.part !== part) {
      this.stop(events);
      this.closeWhole(events);
      this.running = { part, block: this.blocks++ };
      events.push({ kind: 'open', block: this.running.block, part });
    }
    events.push({ kind: 'delta', block: this.running.block, text });
  }

  private called(events: AnswerEvent[], call: Json): void {
    const fn = isObject(call.function) ? call.function : {};
    const index = typeof call.index === 'number' ? call.index : 0;
    const given = asText(call.id);
    const name = asText(fn.name);
    let known = this.calls.get(index);
    // Some engines give all calls of an answer one index, or none: another id with a name is another call.
    if (known === undefined || (given !== '' && name !== '' && given !== known.id)) {
      if (this.made++ >= MOST_CALLS) throw engineFailure(`more than ${MOST_CALLS} tool calls`);
      this.stop(events);
      this.closeWhole(events);
      const block = this.blocks++;
      known = { block, id: given || `call_${block}` };
      this.calls.set(index, known);
      this.open.set(block, '');
      events.push({ kind: 'open', block, part: 'tool_call', call: { id: known.id, name } });
    }
    const text = asText(fn.arguments);
    const before = this.open.get(known.block);
    if (text === '' || before === undefined) return;
    this.open.set(known.block, before + text);
    events.push({ kind: 'delta', block: known.block, text });
  }

  /** Most engines tell one call after the other and say of none that it has ended: whole arguments say so, once something else begins. */
  private closeWhole(events: AnswerEvent[]): void {
    for (const [block, text] of this.open) {
      if (parsedObject(text) === undefined) continue;
      this.open.delete(block);
      events.push({ kind: 'close', block });
    }
  }

  private stop(events: AnswerEvent[]): void {
    if (this.running !== undefined) events.push({ kind: 'close', block: this.running.block });
    this.running = undefined;
  }

  private end(): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    this.stop(events);
    for (const [block, text] of this.open) {
      // Of a call without arguments some engines say nothing; clients read them as JSON.
      if (text === '') events.push({ kind: 'delta', block, text: '{}' });
      events.push({ kind: 'close', block });
    }
    const { usage, stopSequence } = this;
    const called = this.made > 0;
    events.push({
      kind: 'end',
      ...(stopSequence === undefined || called
        ? { finish: finishOf(this.finish, called) }
        : { finish: 'stop_sequence', stopSequence }),
      ...(usage === undefined ? undefined : { usage }),
    });
    return events;
  }
}

const NOTHING: readonly AnswerEvent[] = Object.freeze([]);
