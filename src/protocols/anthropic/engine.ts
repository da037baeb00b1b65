import { Buffer } from 'node:buffer';
import type { ContentPart, FilePart, ImagePart, Message, ToolResultPart } from '#contract/request.js';
import { asText, compact, isObject, type Json, objectsIn, parsedObject } from '#protocols/json.js';
import type { Answer, AnswerPart } from '#protocols/neutral/answer.js';
import type { Conversation, Tool } from '#protocols/neutral/conversation.js';
import { FREE_TEXT_SCHEMA } from '#protocols/neutral/custom-tools.js';
import { Lost } from '#protocols/neutral/lost.js';
import { saysNothing } from '#protocols/neutral/nothing-said.js';
import type { EngineRequest, EngineSide, EngineTerms } from '#protocols/protocol.js';
import { unsupported } from '#protocols/unsupported.js';
import { MessagesReader } from './reader.js';
import { REDACTED } from './request.js';
import { failureOf, finishFrom, stopsOf, usageFrom } from './terms.js';
import { mayThink, thinkingFor } from './thinking.js';

/** Anthropic Messages as it is spoken to engines for clients of other APIs. */
export const messagesEngine: EngineSide = { encode, decode, reader: lost => new MessagesReader(lost) };

function encode(conversation: Conversation, terms: EngineTerms): EngineRequest {
  const lost = new Lost();
  lost.addAll(conversation.foreign);
  const { messages, tools, toolChoice, reasoning, format, temperature, topP } = conversation;
  nameUnsayable(conversation, lost);
  const limit = conversation.maxOutputTokens ?? terms.defaultMaxTokens;
  const forced = toolChoice?.kind === 'required' || toolChoice?.kind === 'tool';
  const wanted = reasoning === undefined ? undefined : thinkingFor(reasoning, limit);
  const thinking = wanted !== undefined && !forced && mayThink(messages) ? wanted : undefined;
  if (wanted !== undefined && thinking === undefined) lost.add('reasoning_effort');
  // Anthropic thinks at its own temperature only.
  const cool = thinking === undefined && temperature !== undefined ? Math.min(1, temperature) : undefined;
  if (temperature !== undefined && cool !== temperature) lost.add('temperature');
  if (thinking !== undefined && topP !== undefined) lost.add('top_p');
  if (thinking !== undefined && conversation.topK !== undefined) lost.add('top_k');
  if (format?.kind === 'json') lost.add('response_format');
  const body = compact({
    model: terms.servedModel,
    max_tokens: thinking?.maxTokens ?? limit,
    ...asked(systemOf(messages, lost), turnsOf(messages, thinking !== undefined, lost), lost),
    tools: tools.length === 0 ? undefined : tools.map(tool => toolJson(tool, lost)),
    tool_choice: choiceJson(conversation),
    thinking: thinking?.thinking,
    output_config: format?.kind === 'schema' ? { format: { type: 'json_schema', schema: format.schema } } : undefined,
    temperature: cool,
    top_p: thinking === undefined ? topP : undefined,
    top_k: thinking === undefined ? conversation.topK : undefined,
    stop_sequences: stopsOf(conversation.stop, lost),
    metadata: conversation.user === undefined ? undefined : { user_id: conversation.user },
    stream: conversation.stream ? true : undefined,
  });
  return { body: JSON.stringify(body), lost: lost.names };
}

function nameUnsayable(conversation: Conversation, lost: Lost): void {
  const { seed, n, frequencyPenalty, presencePenalty, verbosity, serviceTier, cacheKey } = conversation;
  if (seed !== undefined) lost.add('seed');
  if (n > 1) lost.add('n');
  if (frequencyPenalty !== undefined && frequencyPenalty !== 0) lost.add('frequency_penalty');
  if (presencePenalty !== undefined && presencePenalty !== 0) lost.add('presence_penalty');
  if (verbosity !== undefined && verbosity !== 'medium') lost.add('verbosity');
  if (!saysNothing('service_tier', serviceTier)) lost.add('service_tier');
  if (cacheKey !== undefined) lost.add('prompt_cache_key');
}

/** All system messages: Anthropic has one place for them, before the conversation. */
function systemOf(messages: readonly Message[], lost: Lost): Json[] | undefined {
  const first = messages.findIndex(message => message.role !== 'system');
  const blocks: Json[] = [];
  messages.forEach((message, at) => {
    if (message.role !== 'system') return;
    if (first >= 0 && at > first) lost.add('messages.system_position');
    for (const part of message.content) {
      if (part.type === 'text') blocks.push(...textBlock(part.text, part));
      else lost.add(`system.${part.type}`);
    }
  });
  return blocks.length === 0 ? undefined : blocks;
}

/** System and turns. Anthropic takes no request without a turn: where system messages are all there is, the last is what to answer. */
function asked(system: readonly Json[] | undefined, turns: readonly Json[], lost: Lost): Json {
  if (turns.length > 0) return { system, messages: turns };
  const last = system?.at(-1);
  if (system === undefined || last === undefined) throw unsupported('a conversation without a message', 'messages');
  lost.add('messages.system_position');
  return {
    system: system.length === 1 ? undefined : system.slice(0, -1),
    messages: [{ role: 'user', content: [last] }],
  };
}

/** Turns of user and assistant by turns: what comes from tools is the user's. */
function turnsOf(messages: readonly Message[], thinking: boolean, lost: Lost): Json[] {
  const turns: { role: 'user' | 'assistant'; content: Json[] }[] = [];
  for (const { role, content } of messages) {
    if (role === 'system') continue;
    const side = role === 'assistant' ? 'assistant' : 'user';
    const blocks = content.flatMap(part => blocksOf(part, thinking, lost));
    if (blocks.length === 0) continue;
    const last = turns.at(-1);
    if (last?.role === side) last.content.push(...blocks);
    else turns.push({ role: side, content: blocks });
  }
  for (const turn of turns) {
    // Results must come first in their turn.
    const results = turn.content.filter(block => block.type === 'tool_result');
    if (results.length > 0) turn.content = [...results, ...turn.content.filter(block => block.type !== 'tool_result')];
  }
  return turns;
}

function blocksOf(part: ContentPart, thinking: boolean, lost: Lost): Json[] {
  switch (part.type) {
    case 'text':
      return textBlock(part.text, part);
    case 'image':
    case 'file':
      return mediaBlock(part, lost);
    case 'audio':
      lost.add('input_audio');
      return [];
    case 'thinking': {
      const { text, signature, sealedBy, id } = part;
      if (signature === undefined || sealedBy !== 'anthropic' || !thinking) {
        lost.add('reasoning');
        return [];
      }
      if (id === REDACTED) return [{ type: 'redacted_thinking', data: signature }];
      return [{ type: 'thinking', thinking: text, signature }];
    }
    case 'tool_call': {
      const input = parsedObject(part.arguments === '' ? '{}' : part.arguments);
      const called = input ?? { input: part.arguments };
      return [{ type: 'tool_use', id: toolId(part.id), name: part.name, input: called, ...cacheJson(part) }];
    }
    case 'tool_result':
      return [resultBlock(part, lost)];
  }
}

function textBlock(text: string, part: { readonly cache?: Json }): Json[] {
  // Anthropic refuses empty text.
  return text.trim() === '' ? [] : [{ type: 'text', text, ...cacheJson(part) }];
}

function mediaBlock(part: ImagePart | FilePart, lost: Lost): Json[] {
  if (part.type === 'image' && part.detail !== undefined && part.detail !== 'auto') lost.add('image_url.detail');
  const source = sourceJson(part.source);
  if (source === undefined) {
    lost.add(part.type === 'image' ? 'image_url' : 'file_id');
    return [];
  }
  const title = part.type === 'file' && part.name !== undefined ? { title: part.name } : undefined;
  return [{ type: part.type === 'image' ? 'image' : 'document', source, ...title, ...cacheJson(part) }];
}

const DATA_URL = /^data:([\w.+/-]*)(?:;[\w.=+-]+)*?;base64,/i;

function sourceJson(url: string): Json | undefined {
  const head = DATA_URL.exec(url.slice(0, 200));
  // Of what is no picture it takes PDF alone as base64.
  if (head?.[1]?.startsWith('text/') === true) {
    const data = Buffer.from(url.slice(head[0].length), 'base64').toString('utf8');
    return { type: 'text', media_type: 'text/plain', data };
  }
  if (head !== null) return { type: 'base64', media_type: head[1], data: url.slice(head[0].length) };
  return /^https?:/i.test(url) ? { type: 'url', url } : undefined;
}

function resultBlock({ id, text, failed, media, ...part }: ToolResultPart, lost: Lost): Json {
  const said = { type: 'text', text };
  const shown = media?.flatMap(one => mediaBlock(one, lost)) ?? [];
  return {
    type: 'tool_result',
    tool_use_id: toolId(id),
    content: shown.length === 0 ? text : text === '' ? shown : [said, ...shown],
    ...(failed ? { is_error: true } : undefined),
    ...cacheJson(part),
  };
}

/** Anthropic takes letters, digits, `_` and `-` in ids only; the same id always becomes the same. */
function toolId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, '_');
}

function cacheJson({ cache }: { readonly cache?: Json }): { readonly cache_control: Json } | undefined {
  return cache === undefined ? undefined : { cache_control: cache };
}

function toolJson({ name, description, parameters, strict, form, grammar, cache }: Tool, lost: Lost): Json {
  if (grammar !== undefined) lost.add('tools.format');
  const schema = form === 'custom' ? FREE_TEXT_SCHEMA : parameters;
  return compact({
    name,
    description: description === '' ? undefined : description,
    input_schema: isObject(schema) ? schema : { type: 'object', properties: {} },
    strict: strict === true ? true : undefined,
    cache_control: cache,
  });
}

function choiceJson({ tools, toolChoice, parallelTools }: Conversation): Json | undefined {
  if (tools.length === 0) return undefined;
  const serial = parallelTools === false ? { disable_parallel_tool_use: true } : undefined;
  switch (toolChoice?.kind) {
    case 'none':
      return { type: 'none' };
    case 'required':
      return { type: 'any', ...serial };
    case 'tool':
      return { type: 'tool', name: toolChoice.name, ...serial };
    default:
      return toolChoice === undefined && serial === undefined ? undefined : { type: 'auto', ...serial };
  }
}

function decode(text: string): Answer | undefined {
  const body = parsedObject(text);
  if (body === undefined) return undefined;
  if (body.type === 'error') throw failureOf(body.error);
  if (!Array.isArray(body.content) || body.role !== 'assistant') return undefined;
  const lost = new Lost();
  const usage = usageFrom(body.usage);
  return {
    parts: objectsIn(body.content).flatMap(block => answerPart(block, lost)),
    finish: finishFrom(body.stop_reason),
    ...(typeof body.stop_sequence === 'string' ? { stopSequence: body.stop_sequence } : undefined),
    ...(usage === undefined ? undefined : { usage }),
    foreign: lost.names,
  };
}

function answerPart(block: Json, lost: Lost): AnswerPart[] {
  switch (block.type) {
    case 'text':
      if (Array.isArray(block.citations) && block.citations.length > 0) lost.add('citations');
      return [{ type: 'text', text: asText(block.text) }];
    case 'thinking':
      return [
        { type: 'thinking', text: asText(block.thinking), signature: asText(block.signature), sealedBy: 'anthropic' },
      ];
    case 'redacted_thinking':
      return [{ type: 'thinking', text: '', signature: asText(block.data), sealedBy: 'anthropic', id: REDACTED }];
    case 'tool_use': {
      const args = JSON.stringify(block.input ?? {});
      return [{ type: 'tool_call', id: asText(block.id), name: asText(block.name), arguments: args }];
    }
    default:
      lost.add(`content.${asText(block.type)}`);
      return [];
  }
}
