import type { AnswerTextKind } from '#contract/answer-guard.js';
import { type GuardChain, verdictsOf } from '#protocols/guards/guard-chain.js';
import { mapStrings } from '#protocols/guards/strings.js';
import { isObject, type Json, objectsIn, parsedObject } from '#protocols/json.js';
import type { AnswerForm, StreamForm } from '#protocols/protocol.js';
import { type SseEvent, sseText } from '#protocols/sse.js';

/** The deltas that hold text: where it stands, and what it is. */
const DELTAS: Readonly<Record<string, { readonly member: string; readonly kind: AnswerTextKind }>> = {
  text_delta: { member: 'text', kind: 'text' },
  thinking_delta: { member: 'thinking', kind: 'thinking' },
  input_json_delta: { member: 'partial_json', kind: 'arguments' },
};

class MessagesStream implements StreamForm {
  readonly added = 0;
  /** The kind of delta that each open block has had. */
  private readonly deltas = new Map<string, string>();

  constructor(private readonly guards: GuardChain) {}

  event({ name, data }: SseEvent): string {
    const event = parsedObject(data);
    const said = event === undefined ? undefined : this.told(event);
    if (said !== undefined) return said;
    const parsed = event === undefined ? data : JSON.stringify(event);
    return name === '' ? `data: ${parsed}\n\n` : `event: ${name}\ndata: ${parsed}\n\n`;
  }

  private told(event: Json): string | undefined {
    const key = String(event.index ?? 0);
    switch (event.type) {
      case 'content_block_start': {
        if (!isObject(event.content_block)) return undefined;
        return sseText('content_block_start', {
          ...event,
          content_block: this.started(key, event.content_block),
        });
      }
      case 'content_block_delta': {
        const delta = isObject(event.delta) ? event.delta : {};
        const known = typeof delta.type === 'string' ? DELTAS[delta.type] : undefined;
        const text = known === undefined ? undefined : delta[known.member];
        if (known === undefined || typeof text !== 'string') return undefined;
        this.deltas.set(key, delta.type as string);
        const passed = text === '' ? '' : this.guards.text(key, known.kind, text);
        return sseText('content_block_delta', { ...event, delta: { ...delta, [known.member]: passed } });
      }
      case 'content_block_stop':
        return this.flush(key) + sseText('content_block_stop', event);
      case 'message_delta': {
        const left = this.guards.openKeys.map(open => this.flush(open)).join('');
        const ends = isObject(event.delta) && typeof event.delta.stop_reason === 'string';
        return left + sseText('message_delta', ends ? { ...event, ...verdictsOf(this.guards.end()) } : event);
      }
      case 'message_stop':
        this.guards.end();
        return undefined;
      default:
        return undefined;
    }
  }

  /** A block may begin with text; a call's input may come whole with its start. */
  private started(key: string, block: Json): Json {
    for (const [delta, member, kind] of STARTS) {
      const text = block[member];
      if (block.type !== member || typeof text !== 'string' || text === '') continue;
      this.deltas.set(key, delta);
      return { ...block, [member]: this.guards.text(key, kind, text) };
    }
    return withInput(block, key, this.guards);
  }

  private flush(key: string): string {
    const rest = this.guards.close(key);
    const type = this.deltas.get(key) ?? 'text_delta';
    this.deltas.delete(key);
    if (rest === '') return '';
    const delta = { type, [DELTAS[type]!.member]: rest };
    return sseText('content_block_delta', { type: 'content_block_delta', index: Number(key), delta });
  }
}

const STARTS = [
  ['text_delta', 'text', 'text'],
  ['thinking_delta', 'thinking', 'thinking'],
] as const;

/** What a tool is called with, whoever runs it, came as JSON: its texts are led past the guards one by one. */
function withInput(block: Json, key: string, guards: GuardChain): Json {
  if (block.input === undefined) return block;
  let at = 0;
  return { ...block, input: mapStrings(block.input, text => guards.whole(`${key}.input.${at++}`, 'input', text)) };
}

/** Where the texts stand in answers of Anthropic's Messages. */
export const messagesForm: AnswerForm = {
  whole(answer, guards) {
    const content = objectsIn(answer.content).map((block, at) => {
      const key = String(at);
      if (block.type === 'text' && typeof block.text === 'string')
        return { ...block, text: guards.whole(key, 'text', block.text) };
      if (block.type === 'thinking' && typeof block.thinking === 'string')
        return { ...block, thinking: guards.whole(key, 'thinking', block.thinking) };
      return withInput(block, key, guards);
    });
    return { ...answer, content, ...verdictsOf(guards.end()) };
  },
  stream: guards => new MessagesStream(guards),
};
