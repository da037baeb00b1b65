import type { SentText, TextRewrite } from '#contract/answer-guard.js';
import type { RouteParameters } from '#contract/route.js';
import { BodyEdits } from '#protocols/body-edits.js';
import { EventRelay } from '#protocols/event-relay.js';
import { bodyRewritten, bodyTexts } from '#protocols/guards/request-texts.js';
import { type Json, parsedObject } from '#protocols/json.js';
import { jsonBody } from '#protocols/json-body.js';
import { finishWord } from '#protocols/neutral/answer.js';
import { type Conversation, inferenceOf, promptBytesOf } from '#protocols/neutral/conversation.js';
import type { AnswerHead, Envelope, Inbound, Protocol } from '#protocols/protocol.js';
import { sseText } from '#protocols/sse.js';
import { messagesForm } from './answer-form.js';
import { editMessages } from './edits.js';
import { messagesEngine } from './engine.js';
import { readMessages } from './request.js';
import { errorJson, usageFrom } from './terms.js';
import { MessagesWatch } from './watch.js';
import { MessagesWriter } from './writer.js';

class MessagesInbound implements Inbound {
  readonly request;
  /** Anthropic streams always end with counts. */
  readonly wantsUsage = true;
  readonly engineHeaders?: Readonly<Record<string, string>>;

  constructor(
    private readonly bytes: Buffer,
    private readonly text: string,
    private readonly body: Json,
    private readonly read: Conversation,
    envelope: Envelope,
  ) {
    const tools = read.tools.length === 0 ? '' : JSON.stringify(body.tools);
    this.request = inferenceOf(read, promptBytesOf(read.messages, tools), envelope);
    const headers = passedOn(envelope.caller.headers);
    if (headers !== undefined) this.engineHeaders = headers;
  }

  bodyFor(servedModel: string, parameters: RouteParameters): Buffer {
    const edits = new BodyEdits(this.bytes, this.text, this.body);
    editMessages(edits, this.read, servedModel, parameters);
    return edits.applied();
  }

  conversation(): Conversation {
    return this.read;
  }

  sentTexts(): readonly SentText[] {
    return bodyTexts(this.body, 'user_id');
  }

  rewritten(rewrite: TextRewrite): Inbound {
    return anthropicMessages.read(bodyRewritten(this.bytes, rewrite), this.request);
  }

  writer(head: AnswerHead): MessagesWriter {
    return new MessagesWriter(head);
  }
}

/** The client's own `anthropic-*` headers: the version and betas that its body is written for. */
function passedOn(headers: Readonly<Record<string, string>>): Record<string, string> | undefined {
  let found: Record<string, string> | undefined;
  for (const name of ['anthropic-version', 'anthropic-beta']) {
    const value = headers[name];
    if (value === undefined) continue;
    found ??= {};
    found[name] = value;
  }
  return found;
}

/** Anthropic Messages: `POST /v1/messages`. */
export const anthropicMessages: Protocol = {
  name: 'anthropic-messages',
  api: 'anthropic',
  kind: 'generation',
  enginePath: '/v1/messages',
  engine: messagesEngine,
  answerForm: messagesForm,
  idHeader: 'request-id',

  read(bytes, envelope) {
    const { text, body } = jsonBody(bytes);
    return new MessagesInbound(bytes, text, body, readMessages(body), envelope);
  },

  factsOf(latin1) {
    const body = parsedObject(latin1);
    if (body?.type !== 'message' && body?.role !== 'assistant') return undefined;
    if (!Array.isArray(body.content)) return undefined;
    return { usage: usageFrom(body.usage), finish: finishWord(body.stop_reason) };
  },

  relay: () => new EventRelay(new MessagesWatch()),
  errorBody: error => JSON.stringify(errorJson(error)),
  errorEvent: error => sseText('error', errorJson(error)),
};
