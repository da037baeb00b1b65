import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { WeirError } from '#contract/errors.js';
import { readMessages } from '#protocols/anthropic/request.js';
import { MessagesWriter } from '#protocols/anthropic/writer.js';
import { invalid, isObject, type Json } from '#protocols/json.js';
import type { Conversation } from '#protocols/neutral/conversation.js';
import type { AnswerHead } from '#protocols/protocol.js';
import { inputItems } from '#protocols/responses/items.js';
import { formsOf } from '#protocols/responses/output.js';
import { readResponses } from '#protocols/responses/request.js';
import { ResponsesWriter } from '#protocols/responses/writer.js';
import { composeCall } from './answer.js';
import { readJson } from './body.js';
import { type EngineService, promptOf, room, SIMULATED_HEADER, textChoice } from './choices.js';
import type { Fault } from './faults.js';
import { type Choice, Generation } from './generation.js';
import { neutralWire, SIMULATED_SEAL } from './neutral-wire.js';
import type { Wire } from './wire.js';

/** `POST /v1/messages`, as Anthropic answers it. */
export async function messages(
  service: EngineService,
  request: IncomingMessage,
  response: ServerResponse,
  fault?: Fault,
): Promise<void> {
  const conversation = readMessages(await readObject(request));
  checkSeals(conversation, 'anthropic');
  answer(service, response, conversation, neutralWire(new MessagesWriter(headOf(service)), 'anthropic'), fault);
}

/** `POST /v1/messages/count_tokens`. */
export async function countMessages(
  service: EngineService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const conversation = readMessages(await readObject(request), true);
  const { tokens } = promptOf(service, conversation, promptText(conversation));
  const body = JSON.stringify({ input_tokens: tokens });
  response.writeHead(200, { 'content-type': 'application/json', ...SIMULATED_HEADER });
  response.end(body);
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
    throw invalid(
      'previous_response_id',
      'The simulated engine stores no responses',
      'the whole conversation in input',
    );
  }
  const conversation = readResponses(body, inputItems(body.input));
  checkSeals(conversation, 'openai');
  const writer = new ResponsesWriter(headOf(service), body, formsOf(conversation));
  answer(service, response, conversation, neutralWire(writer, 'openai'), fault);
}

function answer(
  service: EngineService,
  response: ServerResponse,
  conversation: Conversation,
  wire: Wire,
  fault: Fault | undefined,
): void {
  const prompt = promptOf(service, conversation, promptText(conversation));
  const most = room(service, prompt, conversation.maxOutputTokens);
  const tool = demanded(conversation);
  const { reasoning, stop = [] } = conversation;
  const thinks = reasoning !== undefined && reasoning.effort !== 'none';
  const choice: Choice =
    tool === undefined
      ? textChoice(service, { stop, thinks }, prompt, most, 0)
      : { prompt, answer: composeCall({ id: callId(), name: tool.name }, tool.parameters, most) };
  const plan = {
    ...{ wire, stream: conversation.stream, includeUsage: true, promptTokens: prompt.tokens, choices: [choice] },
    ...{ fault, headers: SIMULATED_HEADER },
  };
  new Generation(plan, response, service).start();
}

function demanded({ toolChoice, tools }: Conversation) {
  if (toolChoice?.kind !== 'required' && toolChoice?.kind !== 'tool') return undefined;
  const found = toolChoice.kind === 'tool' ? tools.find(tool => tool.name === toolChoice.name) : tools[0];
  if (found === undefined)
    throw invalid('tool_choice', 'tool_choice asks for a tool that tools does not have', 'its name');
  return found;
}

/** Thoughts of other makers are refused, as those whose seals these are refuse them. */
function checkSeals({ messages }: Conversation, maker: 'anthropic' | 'openai'): void {
  for (const { content } of messages) {
    for (const part of content) {
      if (part.type !== 'thinking' || (maker === 'openai' && part.signature === undefined)) continue;
      if (part.signature === SIMULATED_SEAL && part.sealedBy === maker) continue;
      throw new WeirError('request.invalid', 'A thought in the conversation has no valid signature.', {
        path: 'messages',
      });
    }
  }
}

function promptText({ messages, tools }: Conversation): string {
  let text = tools.length > 0 ? `<|tools|>${JSON.stringify(tools)}\n` : '';
  for (const { role, content } of messages) {
    text += `<|${role}|>\n`;
    for (const part of content) text += part.type === 'text' ? part.text : JSON.stringify(part);
    text += '\n';
  }
  return `${text}<|assistant|>\n`;
}

function headOf({ servedAs, clock }: EngineService): AnswerHead {
  return { id: randomUUID().replaceAll('-', ''), model: servedAs, at: clock.wall() };
}

function callId(): string {
  return `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
}

async function readObject(request: IncomingMessage): Promise<Json> {
  const body = await readJson(request);
  if (!isObject(body)) throw invalid('', 'The body must be a JSON object', 'an object');
  return body;
}
