import type { WeirError } from '#contract/errors.js';
import type { RouteParameters } from '#contract/route.js';
import { type Outline, outlineOf } from '#protocols/json-outline.js';
import { applyEditsToBytes } from '#protocols/json-text.js';
import type { AnswerFacts, Envelope, FixedAnswer, Inbound, Protocol, StreamRelay } from '#protocols/protocol.js';
import { answerFacts } from './chat-answer.js';
import { chatEdits } from './chat-edits.js';
import { type BodyText, bodyText, type ChatRequest, parseObject, readChat } from './chat-request.js';
import { ChatStreamRelay } from './chat-stream.js';

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
    const { text, coding, bytewise, body, outline } = this.decoded ?? decode(this.bytes);
    this.decoded = undefined;
    this.request.release();
    const edits = chatEdits({ text, body, outline, coding }, servedModel, parameters, injectUsage);
    return applyEditsToBytes(this.bytes, text, edits, bytewise);
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
  enginePath: '/v1/chat/completions',

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

  relay(stripUsage: boolean): StreamRelay {
    return new ChatStreamRelay(stripUsage);
  },

  errorBody(error: WeirError): string {
    return JSON.stringify({ error: errorObject(error) });
  },

  errorEvent(error: WeirError): string {
    return `data: ${JSON.stringify({ error: errorObject(error) })}\n\n`;
  },

  fixedBody(answer: FixedAnswer): string {
    return JSON.stringify({
      ...head(answer, 'chat.completion'),
      choices: [
        { index: 0, message: { role: 'assistant', content: answer.text }, logprobs: null, finish_reason: 'stop' },
      ],
      usage: NO_USAGE,
    });
  },

  fixedStream(answer: FixedAnswer, withUsage: boolean): string {
    const common = head(answer, 'chat.completion.chunk');
    const chunk = (delta: Json, finish: string | null): string =>
      `data: ${JSON.stringify({ ...common, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })}\n\n`;
    const usage = withUsage ? `data: ${JSON.stringify({ ...common, choices: [], usage: NO_USAGE })}\n\n` : '';
    const said = chunk({ role: 'assistant', content: answer.text }, null) + chunk({}, 'stop');
    return `${said}${usage}data: [DONE]\n\n`;
  },
};

/** A fixed answer costs no tokens anywhere. */
const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

function head(answer: FixedAnswer, object: string): Json {
  return { id: `chatcmpl-${answer.id}`, object, created: Math.floor(answer.at / 1000), model: answer.model };
}

function errorObject(error: WeirError): Json {
  const hint = error.hint === undefined ? '' : ` Expected ${error.hint}.`;
  const message = /[.!?]$/.test(error.message) ? error.message : `${error.message}.`;
  return { message: message + hint, type: error.type, param: error.path ?? null, code: error.code };
}
