import { Buffer } from 'node:buffer';
import { isWeirError } from '#contract/errors.js';
import type { Message } from '#contract/request.js';
import type { RouteParameters } from '#contract/route.js';
import { withAllowedTools } from './neutral/allowed-tools.js';
import type { AnswerEvent, AnswerUsage, Finish } from './neutral/answer.js';
import type { Conversation } from './neutral/conversation.js';
import { Lost } from './neutral/lost.js';
import type {
  AnswerFacts,
  AnswerHead,
  AnswerReader,
  AnswerWriter,
  EngineSide,
  EngineTerms,
  Inbound,
  Protocol,
  StreamEnd,
  StreamRelay,
} from './protocol.js';
import { type SseEvent, SseReader } from './sse.js';
import { unsupported } from './unsupported.js';

/**
 * One request between a client and an engine that speak different APIs: the client's API is read into the neutral form and that is
 * written for the engine, the answer the other way. No pair of APIs has a converter of its own.
 */
export class Translation {
  readonly body: Buffer;
  private readonly engine: EngineSide;
  private readonly writer: AnswerWriter;
  private readonly losses = new Lost();

  /** @throws WeirError `request.unsupported` when the engine's API cannot do what is asked. */
  constructor(
    inbound: Inbound,
    engine: Protocol,
    terms: EngineTerms,
    parameters: RouteParameters,
    private readonly head: AnswerHead,
  ) {
    if (engine.engine === undefined) throw unsupported(engine.name);
    this.engine = engine.engine;
    const asked = withAllowedTools(withParameters(inbound.conversation(), parameters));
    const { body, lost } = this.engine.encode(asked, terms);
    this.body = Buffer.from(body);
    this.losses.addAll(lost);
    this.writer = inbound.writer(this.head);
  }

  /** What was lost so far, by the names it had. What a stream loses is known at its end only. */
  get lost(): readonly string[] {
    return this.losses.names;
  }

  /**
   * A whole answer, for the client.
   *
   * @param latin1 the bytes of the engine's answer, one character each.
   * @returns `undefined` when it is no answer of the engine's API.
   * @throws WeirError `upstream.status` when it is a failure in the form of an answer.
   */
  whole(latin1: string): (AnswerFacts & { readonly text: string }) | undefined {
    const answer = this.engine.decode(Buffer.from(latin1, 'latin1').toString('utf8'));
    if (answer === undefined) return undefined;
    this.losses.addAll(answer.foreign);
    const text = Buffer.from(this.writer.whole(answer)).toString('latin1');
    return { text, usage: answer.usage, finish: answer.finish };
  }

  relay(): StreamRelay {
    return new TranslatingRelay(this.engine.reader(this.losses), this.writer);
  }
}

/** Follows an engine's stream and tells it to the client in the client's API. */
class TranslatingRelay implements StreamRelay {
  private readonly sse = new SseReader();
  private usage: AnswerUsage | undefined;
  private finish: Finish | undefined;
  private complete = false;
  private error: string | undefined;

  constructor(
    private readonly reader: AnswerReader,
    private readonly writer: AnswerWriter,
  ) {}

  push(chunk: Buffer): Buffer | undefined {
    return this.toldAll(this.sse.push(chunk));
  }

  close(): Buffer | undefined {
    const last = this.toldAll(this.sse.end());
    const end = this.over ? '' : this.told(() => this.reader.closed?.() ?? []);
    if (end === '') return last;
    return last === undefined ? Buffer.from(end) : Buffer.concat([last, Buffer.from(end)]);
  }

  private get over(): boolean {
    return this.complete || this.error !== undefined;
  }

  private toldAll(events: readonly SseEvent[]): Buffer | undefined {
    let text = '';
    for (const event of events) {
      if (this.over) break;
      text += this.told(() => this.reader.read(event));
    }
    return text === '' ? undefined : Buffer.from(text);
  }

  private told(read: () => readonly AnswerEvent[]): string {
    let text = '';
    try {
      for (const part of read()) {
        if (part.kind === 'end') {
          this.complete = true;
          this.usage = part.usage;
          this.finish = part.finish;
        }
        text += this.writer.event(part);
      }
    } catch (error) {
      if (!isWeirError(error)) throw error;
      this.error = error.message;
    }
    return text;
  }

  end(): StreamEnd {
    const { complete, usage, finish, error } = this;
    return { complete, usage, finish, error, whole: this.writer.final, events: this.writer.events ?? 0 };
  }
}

/** The conversation with what the route asks for put in. */
export function withParameters(conversation: Conversation, parameters: RouteParameters): Conversation {
  const { systemPrompt, reasoningEffort, maxOutputTokens, temperature } = parameters;
  const asked = conversation.maxOutputTokens;
  return {
    ...conversation,
    ...(temperature === undefined ? undefined : { temperature }),
    ...(maxOutputTokens === undefined
      ? undefined
      : { maxOutputTokens: Math.min(maxOutputTokens, asked ?? maxOutputTokens) }),
    ...(reasoningEffort === undefined
      ? undefined
      : { reasoning: { ...conversation.reasoning, effort: reasoningEffort } }),
    ...(systemPrompt === undefined ? undefined : { messages: withSystem(conversation.messages, systemPrompt) }),
  };
}

function withSystem(
  messages: readonly Message[],
  { mode, text }: NonNullable<RouteParameters['systemPrompt']>,
): readonly Message[] {
  const message: Message = { role: 'system', content: [{ type: 'text', text }] };
  if (mode === 'prepend') return [message, ...messages];
  if (mode === 'replace') return [message, ...messages.filter(one => one.role !== 'system')];
  const first = messages.findIndex(one => one.role !== 'system');
  const at = first < 0 ? messages.length : first;
  return [...messages.slice(0, at), message, ...messages.slice(at)];
}
