import type { SentText, TextRewrite } from '#contract/answer-guard.js';
import type { WeirError } from '#contract/errors.js';
import type { InferenceRequest } from '#contract/request.js';
import type { RouteParameters } from '#contract/route.js';
import { BodyEdits, capOutput } from '#protocols/body-edits.js';
import { EventRelay } from '#protocols/event-relay.js';
import { bodyRewritten, bodyTexts, textsOf, textsRewritten } from '#protocols/guards/request-texts.js';
import { asText, isObject, type Json, optional, parsedObject } from '#protocols/json.js';
import { jsonBody } from '#protocols/json-body.js';
import { type Conversation, inferenceOf, promptBytesOf } from '#protocols/neutral/conversation.js';
import { formsOf } from '#protocols/neutral/custom-tools.js';
import { PACKED } from '#protocols/neutral/seal.js';
import { openaiError } from '#protocols/openai/terms.js';
import type { AnswerHead, Envelope, Inbound, Memory, Protocol } from '#protocols/protocol.js';
import { sseText } from '#protocols/sse.js';
import { unsupported } from '#protocols/unsupported.js';
import { responsesForm } from './answer-form.js';
import { responsesEngine } from './engine.js';
import { inputItems, isReference, referencesIn } from './items.js';
import { readResponses } from './request.js';
import { finishFrom, usageFrom } from './terms.js';
import { ResponsesWatch } from './watch.js';
import { ResponsesWriter } from './writer.js';

/** What a request was read into. */
interface Read {
  readonly bytes: Buffer;
  readonly text: string;
  readonly body: Json;
  readonly envelope: Envelope;
  /** Items of the request itself. */
  readonly own: readonly Json[];
  /** What came before has been put in: the body's own `input` says less. */
  readonly resumed?: true;
  /** Those of its own items that only a reference stood for. */
  readonly found?: readonly Json[];
}

/** A request for a response. */
export class ResponsesInbound implements Inbound {
  readonly request: InferenceRequest;
  /** Responses streams always end with counts. */
  readonly wantsUsage = true;
  readonly memory: Memory<ResponsesInbound>;
  keep?: (answer: string) => void;
  private readonly read: Conversation;

  /** @param earlier items of the conversation that the request goes on from. */
  constructor(
    private readonly from: Read,
    private readonly earlier: readonly Json[],
  ) {
    const { body, envelope, own } = from;
    this.read = readResponses(body, earlier.length === 0 ? own : [...earlier, ...own]);
    const tools = this.read.tools.length === 0 ? '' : JSON.stringify(body.tools);
    this.request = inferenceOf(this.read, promptBytesOf(this.read.messages, tools), envelope);
    const previous = optional(body, 'previous_response_id', 'string');
    this.memory = {
      store: optional(body, 'store', 'boolean') !== false,
      input: () => JSON.stringify(own),
      references: from.resumed ? [] : referencesIn(own),
      resume: (items, found) => new ResponsesInbound(withFound(from, found), items),
      ...(previous === undefined || from.resumed ? undefined : { previous }),
    };
  }

  bodyFor(servedModel: string, parameters: RouteParameters): Buffer {
    const { bytes, text, body, own } = this.from;
    const edits = new BodyEdits(bytes, text, body);
    const { systemPrompt, reasoningEffort, maxOutputTokens, temperature } = parameters;
    if (body.model !== servedModel) edits.set('model', servedModel);
    if (temperature !== undefined) edits.set('temperature', temperature);
    if (reasoningEffort !== undefined) {
      edits.set('reasoning', { ...(isObject(body.reasoning) ? body.reasoning : undefined), effort: reasoningEffort });
    }
    if (systemPrompt !== undefined)
      edits.set('instructions', instructionsWith(asText(body.instructions), systemPrompt));
    capOutput(edits, 'max_output_tokens', maxOutputTokens);
    if (this.from.resumed) {
      // What came before is told whole, so that any replica can answer.
      if (body.previous_response_id !== undefined) edits.set('previous_response_id', null);
      edits.set('input', [...this.earlier.map(withoutOwnId), ...own].filter(isNative));
    } else if (text.includes(PACKED)) edits.set('input', own.filter(isNative));
    return edits.applied();
  }

  conversation(): Conversation {
    // To others the past would be missing, and an answer without it a wrong one.
    const { body, own } = this.from;
    const items = [...this.earlier, ...own];
    if (items.some(isCompacted)) throw nativeOnly('the compacted part of the conversation', 'input');
    if (items.some(isReference)) throw nativeOnly('an item that Weir has not stored for this caller', 'input');
    for (const kept of ['prompt', 'conversation'])
      if (isObject(body[kept]) || asText(body[kept]) !== '')
        throw nativeOnly(`a ${kept} that its provider keeps`, kept);
    return this.read;
  }

  sentTexts(): readonly SentText[] {
    const remembered = [...this.earlier, ...(this.from.found ?? [])];
    return [...textsOf(see => textsRewritten(remembered, see)), ...bodyTexts(this.from.body)];
  }

  rewritten(rewrite: TextRewrite): ResponsesInbound {
    const bytes = bodyRewritten(this.from.bytes, rewrite);
    const { text, body } = jsonBody(bytes);
    const changed = (items: readonly Json[]) => items.map(item => textsRewritten(item, rewrite) as Json);
    const { found, own: before } = this.from;
    const items =
      found === undefined ? { own: inputItems(body.input) } : { own: changed(before), found: changed(found) };
    return new ResponsesInbound({ ...this.from, bytes, text, body, ...items }, changed(this.earlier));
  }

  writer(head: AnswerHead): ResponsesWriter {
    return new ResponsesWriter(head, this.from.body, formsOf(this.read));
  }
}

/** A request whose references have been replaced by what they stand for, as far as that was found. */
function withFound(from: Read, items: ReadonlyMap<string, Json>): Read {
  if (items.size === 0) return { ...from, resumed: true };
  const found: Json[] = [];
  const own = from.own.map(item => {
    const said = isReference(item) ? items.get(asText(item.id)) : undefined;
    if (said === undefined) return item;
    const itself = withoutOwnId(said);
    found.push(itself);
    return itself;
  });
  return { ...from, own, found, resumed: true };
}

function nativeOnly(what: string, path: string): WeirError {
  return unsupported(`${what} can only be read by an engine that speaks Responses`, path);
}

/** An earlier item as input. Ids of messages and calls say nothing to a replica that did not give them. */
function withoutOwnId(item: Json): Json {
  if (item.type === 'reasoning' || item.id === undefined) return item;
  const { id: _, ...rest } = item;
  return rest;
}

/** Whether an item is a past that only its maker can read. */
function isCompacted({ type }: Json): boolean {
  return type === 'compaction' || type === 'compaction_summary';
}

/** Whether an item is OpenAI's: it would take the seals of others for forgeries. */
function isNative(item: Json): boolean {
  return item.type !== 'reasoning' || !asText(item.encrypted_content).startsWith(PACKED);
}

function instructionsWith(own: string, { mode, text }: NonNullable<RouteParameters['systemPrompt']>): string {
  if (mode === 'replace' || own === '') return text;
  return mode === 'prepend' ? `${text}\n\n${own}` : `${own}\n\n${text}`;
}

/** OpenAI Responses: `POST /v1/responses`. */
export const openaiResponses: Protocol = {
  name: 'openai-responses',
  api: 'responses',
  kind: 'generation',
  enginePath: '/v1/responses',
  engine: responsesEngine,
  answerForm: responsesForm,

  read(bytes: Buffer, envelope: Envelope): Inbound {
    const { text, body } = jsonBody(bytes);
    return new ResponsesInbound({ bytes, text, body, envelope, own: inputItems(body.input) }, []);
  },

  factsOf(latin1) {
    const body = parsedObject(latin1);
    if (body === undefined || !Array.isArray(body.output) || body.status === 'failed') return undefined;
    return { usage: usageFrom(body.usage), finish: finishFrom(body, false) };
  },

  relay: () => new EventRelay(new ResponsesWatch()),
  errorBody: error => JSON.stringify({ error: openaiError(error) }),
  errorEvent: (error, events = 0) => sseText('error', errorEvent(error, events)),
};

/** The event's own members are OpenAI's; the nested error beside them is what makes OpenAI's own clients throw. */
function errorEvent(error: WeirError, events: number): Json {
  const said = openaiError(error);
  const { code, message, param } = said;
  return { type: 'error', sequence_number: events, code, message, param, error: said };
}
