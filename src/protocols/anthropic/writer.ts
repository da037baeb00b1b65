import { type Json, parsedObject } from '#protocols/json.js';
import type { Answer, AnswerEvent, AnswerPart, Seal } from '#protocols/neutral/answer.js';
import { packSeal } from '#protocols/neutral/seal.js';
import type { AnswerHead, AnswerWriter } from '#protocols/protocol.js';
import { sseText } from '#protocols/sse.js';
import { REDACTED } from './request.js';
import { anthropicUsage, stopReason } from './terms.js';

type Open = Extract<AnswerEvent, { kind: 'open' }>;
type Block = Exclude<AnswerEvent, { kind: 'end' }>;

/** Writes answers of other engines as Anthropic Messages. */
export class MessagesWriter implements AnswerWriter {
  private begun = false;
  private readonly kinds: Open['part'][] = [];
  /** The block that is being told, and what came of others meanwhile: Anthropic tells one after the other, and its clients count on it. */
  private running: number | undefined;
  private readonly waiting = new Map<number, Block[]>();

  constructor(private readonly head: AnswerHead) {}

  whole({ parts, finish, stopSequence, usage }: Answer): string {
    return JSON.stringify({
      ...this.message(parts.map(blockOf)),
      stop_reason: stopReason(finish),
      stop_sequence: stopSequence ?? null,
      usage: anthropicUsage(usage),
    });
  }

  event(event: AnswerEvent): string {
    // The head waits for the first block: until something is said, another replica may take over.
    const head = this.begun ? '' : this.start();
    if (event.kind !== 'end') return head + this.inTurn(event);
    const { finish, stopSequence, usage } = event;
    const delta = { stop_reason: stopReason(finish), stop_sequence: stopSequence ?? null };
    const said = sseText('message_delta', { type: 'message_delta', delta, usage: anthropicUsage(usage) });
    return head + said + sseText('message_stop', { type: 'message_stop' });
  }

  private inTurn(event: Block): string {
    const { block } = event;
    if (event.kind === 'open' && this.running === undefined) this.running = block;
    if (block === this.running) return this.told(event) + (event.kind === 'close' ? this.next() : '');
    const held = this.waiting.get(block);
    if (held === undefined) this.waiting.set(block, [event]);
    else held.push(event);
    return '';
  }

  /** What waited for the block that has ended: those that have ended as well, and the beginning of the next. */
  private next(): string {
    let text = '';
    this.running = undefined;
    for (const [block, events] of this.waiting) {
      this.waiting.delete(block);
      for (const event of events) text += this.told(event);
      if (events.at(-1)?.kind === 'close') continue;
      this.running = block;
      break;
    }
    return text;
  }

  private told(event: Block): string {
    switch (event.kind) {
      case 'open':
        this.kinds[event.block] = event.part;
        return sseText('content_block_start', startOf(event));
      case 'delta':
        return this.delta(event.block, deltaOf(this.kinds[event.block], event.text));
      case 'close':
        return this.close(event.block, event.seal);
    }
  }

  private start(): string {
    this.begun = true;
    const message = { ...this.message([]), stop_reason: null, stop_sequence: null, usage: anthropicUsage(undefined) };
    return sseText('message_start', { type: 'message_start', message });
  }

  private close(block: number, seal: Seal | undefined): string {
    const signed =
      this.kinds[block] === 'thinking'
        ? this.delta(block, { type: 'signature_delta', signature: signatureOf({ text: '', ...seal }) })
        : '';
    return signed + sseText('content_block_stop', { type: 'content_block_stop', index: block });
  }

  private delta(index: number, delta: Json): string {
    return sseText('content_block_delta', { type: 'content_block_delta', index, delta });
  }

  private message(content: readonly Json[]): Json {
    const { id, model } = this.head;
    return { id: `msg_${id}`, type: 'message', role: 'assistant', model, content };
  }
}

function startOf(event: Open): Json {
  const { block: index, part } = event;
  const empty =
    part === 'tool_call'
      ? { type: 'tool_use', id: event.call.id, name: event.call.name, input: {} }
      : part === 'thinking'
        ? { type: 'thinking', thinking: '', signature: '' }
        : { type: 'text', text: '' };
  return { type: 'content_block_start', index, content_block: empty };
}

function deltaOf(part: Open['part'] | undefined, text: string): Json {
  if (part === 'tool_call') return { type: 'input_json_delta', partial_json: text };
  return part === 'thinking' ? { type: 'thinking_delta', thinking: text } : { type: 'text_delta', text };
}

function blockOf(part: AnswerPart): Json {
  switch (part.type) {
    case 'tool_call': {
      const input = parsedObject(part.arguments === '' ? '{}' : part.arguments) ?? { input: part.arguments };
      return { type: 'tool_use', id: part.id, name: part.name, input };
    }
    case 'thinking':
      if (part.id === REDACTED && part.sealedBy === 'anthropic') {
        return { type: 'redacted_thinking', data: part.signature ?? '' };
      }
      return { type: 'thinking', thinking: part.text, signature: signatureOf(part) };
    default:
      return { type: 'text', text: part.text };
  }
}

/** Anthropic's own signature as it is; another maker's, or none, packed: to be known for what it is when it comes back. */
function signatureOf(part: { readonly text: string } & Seal): string {
  return part.sealedBy === 'anthropic' ? (part.signature ?? '') : packSeal({ type: 'thinking', ...part }, false);
}
