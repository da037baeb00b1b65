import { type Json, parsedObject } from '#protocols/json.js';
import type { Answer, AnswerEvent, AnswerPart, Seal } from '#protocols/neutral/answer.js';
import { packSeal } from '#protocols/neutral/seal.js';
import type { AnswerHead, AnswerWriter } from '#protocols/protocol.js';
import { sseText } from '#protocols/sse.js';
import { REDACTED } from './request.js';
import { anthropicUsage, stopReason } from './terms.js';

type Open = Extract<AnswerEvent, { kind: 'open' }>;

/** Writes answers of other engines as Anthropic Messages. */
export class MessagesWriter implements AnswerWriter {
  private begun = false;
  private readonly kinds: Open['part'][] = [];

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
    switch (event.kind) {
      case 'open':
        this.kinds[event.block] = event.part;
        return head + sseText('content_block_start', startOf(event));
      case 'delta':
        return head + this.delta(event.block, deltaOf(this.kinds[event.block], event.text));
      case 'close':
        return head + this.close(event.block, event.seal);
      case 'end': {
        const { finish, stopSequence, usage } = event;
        const delta = { stop_reason: stopReason(finish), stop_sequence: stopSequence ?? null };
        const said = sseText('message_delta', { type: 'message_delta', delta, usage: anthropicUsage(usage) });
        return head + said + sseText('message_stop', { type: 'message_stop' });
      }
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
