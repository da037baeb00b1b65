import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { WeirError } from '#contract/errors.js';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { readMessages } from '#protocols/anthropic/request.js';
import { MessagesWriter } from '#protocols/anthropic/writer.js';
import { invalid, isObject, type Json } from '#protocols/json.js';
import type { Conversation } from '#protocols/neutral/conversation.js';
import { formsOf } from '#protocols/neutral/custom-tools.js';
import { chatEngine } from '#protocols/openai/chat-engine.js';
import type { AnswerHead } from '#protocols/protocol.js';
import { inputItems } from '#protocols/responses/items.js';
import { readResponses } from '#protocols/responses/request.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { ResponsesWriter } from '#protocols/responses/writer.js';
import { readJson } from './body.js';
import type { Fault } from './faults.js';
import { neutralWire, SIMULATED_SEAL } from './neutral-wire.js';
import { type ChatRequest, chatSchema, parseRequest } from './requests.js';
import { checkModel, type EngineService, generate, sendJson } from './service.js';
import type { Wire } from './wire.js';

// Both APIs are served by whatever answers chats: a request is read as its API has it, asked of the backend as a chat, and answered in
// the form of its API again.

/** `POST /v1/messages`, as Anthropic answers it. */
export async function messages(
  service: EngineService,
  request: IncomingMessage,
  response: ServerResponse,
  fault?: Fault,
): Promise<void> {
  const conversation = readMessages(await readObject(request));
  checkSeals(conversation, 'anthropic');
  const wire = neutralWire(new MessagesWriter(headOf(service)), 'anthropic', anthropicMessages.errorEvent);
  await answer(service, response, conversation, wire, fault);
}

/** `POST /v1/messages/count_tokens`. */
export async function countMessages(
  service: EngineService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const conversation = readMessages(await readObject(request), true);
  checkModel(service, conversation);
  const { promptTokens } = await service.backend.chat(chatOf(conversation));
  sendJson(service, response, 200, { input_tokens: promptTokens });
}

/** `POST /v1/responses`, as OpenAI answers it, but that nothing is stored. */
export async function responses(
  service: EngineService,
  request: IncomingMessage,
  response: ServerResponse,
  fault?: Fault,
): Promise<void> {
  const body = await readObject(request);
  if (body.previous_response_id !== undefined && body.previous_response_id !== null) {
    throw invalid('previous_response_id', 'This engine stores no responses', 'the whole conversation in input');
  }
  const conversation = readResponses(body, inputItems(body.input));
  checkSeals(conversation, 'openai');
  const writer = new ResponsesWriter(headOf(service), body, formsOf(conversation));
  await answer(service, response, conversation, neutralWire(writer, 'openai', openaiResponses.errorEvent), fault);
}

async function answer(
  service: EngineService,
  response: ServerResponse,
  conversation: Conversation,
  wire: Wire,
  fault: Fault | undefined,
): Promise<void> {
  checkModel(service, conversation);
  const { reasoning } = conversation;
  const thinks = reasoning !== undefined && reasoning.effort !== 'none';
  const body = { ...chatOf(conversation), include_reasoning: thinks };
  const work = await service.backend.chat(body);
  // The counts are part of every answer of these APIs.
  generate(service, response, { ...body, stream_options: { include_usage: true } }, work, wire, fault);
}

function chatOf(conversation: Conversation): ChatRequest {
  const { body } = chatEngine.encode(
    { ...conversation, n: 1 },
    {
      servedModel: conversation.model,
      defaultMaxTokens: 4096,
      streamUsage: true,
    },
  );
  return parseRequest(chatSchema, JSON.parse(body));
}

/** Thoughts of other makers are refused, as those whose seals these are refuse them. */
function checkSeals({ messages: all }: Conversation, maker: 'anthropic' | 'openai'): void {
  for (const { content } of all) {
    for (const part of content) {
      if (part.type !== 'thinking' || (maker === 'openai' && part.signature === undefined)) continue;
      if (part.signature === SIMULATED_SEAL && part.sealedBy === maker) continue;
      throw new WeirError('request.invalid', 'A thought in the conversation has no valid signature.', {
        path: 'messages',
      });
    }
  }
}

function headOf({ servedAs, clock }: EngineService): AnswerHead {
  return { id: randomUUID().replaceAll('-', ''), model: servedAs, at: clock.wall() };
}

async function readObject(request: IncomingMessage): Promise<Json> {
  const body = await readJson(request);
  if (!isObject(body)) throw invalid('', 'The body must be a JSON object', 'an object');
  return body;
}
