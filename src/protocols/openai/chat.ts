import type { SentText, TextRewrite } from '#contract/answer-guard.js';
import type { WeirError } from '#contract/errors.js';
import type { RouteParameters } from '#contract/route.js';
import { bodyRewritten, bodyTexts } from '#protocols/guards/request-texts.js';
import { jsonBody, parseObject } from '#protocols/json-body.js';
import { type Outline, outlineOf } from '#protocols/json-outline.js';
import { applyEditsToBytes } from '#protocols/json-text.js';
import type { Conversation } from '#protocols/neutral/conversation.js';
import { formsOf, type ToolForms } from '#protocols/neutral/custom-tools.js';
import type {
  AnswerFacts,
  AnswerHead,
  AnswerWriter,
  Envelope,
  Inbound,
  Protocol,
  StreamRelay,
} from '#protocols/protocol.js';
import { answerFacts } from './chat-answer.js';
import { chatConversation } from './chat-conversation.js';
import { chatEdits } from './chat-edits.js';
import { chatEngine } from './chat-engine.js';
import { chatForm } from './chat-form.js';
import { type BodyText, bodyText, type ChatRequest, readChat } from './chat-request.js';
import { ChatStreamRelay } from './chat-stream.js';
import { ChatWriter } from './chat-writer.js';
import { openaiError } from './terms.js';

type Json = Readonly<Record<string, unknown>>;

/** A body decoded and parsed. */
interface Decoded extends BodyText {
  readonly body: Json;
  readonly outline: Outline;
}

class ChatInbound implements Inbound {
  readonly wantsUsage: boolean;
  /**
   * There until the body for an engine has been made from it. Most requests need that once and then wait for seconds: a long text
   * held meanwhile would be copied by every collection of young garbage.
   */
  private decoded: Decoded | undefined;
  /** Known once the conversation has been asked for: without it no engine calls anything that has to be written. */
  private forms: ToolForms = new Map();

  constructor(
    private readonly bytes: Buffer,
    decoded: Decoded,
    readonly request: ChatRequest,
  ) {
    this.decoded = decoded;
    const options = decoded.body.stream_options;
    this.wantsUsage = typeof options === 'object' && options !== null && (options as Json).include_usage === true;
  }

  bodyFor(servedModel: string, parameters: RouteParameters, injectUsage: boolean): Buffer {
    const { text, bytewise, body, outline } = this.decoded ?? decode(this.bytes);
    this.decoded = undefined;
    this.request.release();
    const edits = chatEdits({ text, body, outline }, servedModel, parameters, injectUsage);
    return applyEditsToBytes(this.bytes, text, edits, bytewise);
  }

  conversation(): Conversation {
    // Strings of a body that is kept as bytes are bytes: what goes on in another API has to be text.
    const conversation = chatConversation(jsonBody(this.bytes).body);
    this.forms = formsOf(conversation);
    return conversation;
  }

  sentTexts(): readonly SentText[] {
    return bodyTexts(jsonBody(this.bytes).body);
  }

  rewritten(rewrite: TextRewrite): Inbound {
    return openaiChat.read(bodyRewritten(this.bytes, rewrite), this.request);
  }

  writer(head: AnswerHead): AnswerWriter {
    return new ChatWriter(head, this.wantsUsage, this.forms);
  }
}

function decode(bytes: Buffer): Decoded {
  const { text, coding, bytewise } = bodyText(bytes);
  const outline = outlineOf(text);
  return { text, coding, bytewise, outline, body: parseObject(text, outline) };
}

/** OpenAI Chat Completions: `POST /v1/chat/completions`. */
export const openaiChat: Protocol = {
  name: 'openai-chat',
  api: 'openai',
  kind: 'generation',
  enginePath: '/v1/chat/completions',
  engine: chatEngine,
  answerForm: chatForm,

  read(body: Buffer, envelope: Envelope): Inbound {
    const decoded = decode(body);
    return new ChatInbound(
      body,
      decoded,
      readChat(decoded.body, envelope, decoded.coding, () => decode(body).body),
    );
  },

  factsOf(text: string): AnswerFacts | undefined {
    return answerFacts(text);
  },

  relay(stripUsage: boolean, answers?: number): StreamRelay {
    return new ChatStreamRelay(stripUsage, answers);
  },

  errorBody(error: WeirError): string {
    return JSON.stringify({ error: openaiError(error) });
  },

  errorEvent(error: WeirError): string {
    return `data: ${JSON.stringify({ error: openaiError(error) })}\n\n`;
  },
};
