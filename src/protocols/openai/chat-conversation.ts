import { type ContentPart, joinedTexts, type Message, type ToolCallPart } from '#contract/request.js';
import {
  asText,
  compact,
  isObject,
  type Json,
  metadataOf,
  objectsIn,
  optional,
  optionalCount,
} from '#protocols/json.js';
import { allowedNames } from '#protocols/neutral/allowed-tools.js';
import type { AnswerFormat, Conversation, Tool, ToolChoice } from '#protocols/neutral/conversation.js';
import { wrapFreeText } from '#protocols/neutral/custom-tools.js';
import { fileDataUrl } from '#protocols/neutral/file-data.js';
import { Lost } from '#protocols/neutral/lost.js';
import { textsIn } from './answer-parts.js';

/** Fields of a Chat Completions body that have a counterpart elsewhere, or mean nothing outside the connection. */
const KNOWN = new Set(
  (
    'model messages tools tool_choice parallel_tool_calls max_tokens max_completion_tokens temperature top_p top_k seed stop n ' +
    'frequency_penalty presence_penalty response_format reasoning_effort verbosity user safety_identifier metadata ' +
    'prompt_cache_key service_tier stream stream_options store cache_salt'
  ).split(' '),
);

/** All that a Chat Completions body says that {@link readChat} has accepted. */
export function chatConversation(body: Json): Conversation {
  const lost = new Lost();
  lost.addUnknown(body, KNOWN);
  const effort = optional(body, 'reasoning_effort', 'string');
  return compact({
    model: asText(body.model),
    messages: resultsInForm(objectsIn(body.messages).map(message => messageOf(message, lost))),
    tools: objectsIn(body.tools).flatMap(tool => toolOf(tool, lost)),
    toolChoice: toolChoiceOf(body.tool_choice, lost),
    parallelTools: optional(body, 'parallel_tool_calls', 'boolean'),
    maxOutputTokens: optionalCount(body, 'max_completion_tokens') ?? optionalCount(body, 'max_tokens'),
    temperature: optional(body, 'temperature', 'number'),
    topP: shareOf(body),
    topK: topKOf(body),
    seed: optional(body, 'seed', 'number'),
    stop: stopOf(body.stop),
    n: optionalCount(body, 'n') ?? 1,
    frequencyPenalty: optional(body, 'frequency_penalty', 'number'),
    presencePenalty: optional(body, 'presence_penalty', 'number'),
    format: formatOf(body.response_format, lost),
    reasoning: effort === undefined ? undefined : { effort },
    verbosity: optional(body, 'verbosity', 'string'),
    user: optional(body, 'user', 'string') ?? optional(body, 'safety_identifier', 'string'),
    metadata: metadataOf(body.metadata),
    cacheKey: optional(body, 'prompt_cache_key', 'string') || undefined,
    serviceTier: optional(body, 'service_tier', 'string'),
    stream: body.stream === true,
    foreign: lost.names,
  }) as Conversation;
}

function messageOf(message: Json, lost: Lost): Message {
  const { role, content } = message;
  if (asText(message.name) !== '' && role !== 'function') lost.add('messages.name');
  if (role === 'tool' || role === 'function') {
    const parts = partsOf(content, lost);
    if (parts.some(part => part.type === 'audio')) lost.add('input_audio');
    const media = parts.filter(part => part.type === 'image' || part.type === 'file');
    const told = joinedTexts(parts.map(part => (part.type === 'text' ? part.text : '')));
    const id = asText(message.tool_call_id) || asText(message.name);
    return {
      role: 'tool',
      content: [{ type: 'tool_result', id, ...told, failed: false, ...(media.length > 0 ? { media } : undefined) }],
    };
  }
  if (role !== 'assistant') return { role: role === 'user' ? 'user' : 'system', content: partsOf(content, lost) };
  const parts: ContentPart[] = [];
  const thought = asText(message.reasoning_content) || asText(message.reasoning);
  if (thought !== '') parts.push({ type: 'thinking', text: thought });
  parts.push(...partsOf(content, lost));
  if (typeof message.refusal === 'string') parts.push({ type: 'text', text: message.refusal });
  for (const call of objectsIn(message.tool_calls)) parts.push(callOf(call));
  if (isObject(message.audio)) lost.add('messages.audio');
  if (isObject(message.function_call)) lost.add('messages.function_call');
  return { role: 'assistant', content: parts };
}

/** What a free-text tool gave is told as such: Chat says only whose call it answers. */
function resultsInForm(messages: readonly Message[]): readonly Message[] {
  const custom = new Set<string>();
  for (const { content } of messages)
    for (const part of content) if (part.type === 'tool_call' && part.form === 'custom') custom.add(part.id);
  if (custom.size === 0) return messages;
  return messages.map(message => ({
    ...message,
    content: message.content.map(part =>
      part.type === 'tool_result' && custom.has(part.id) ? { ...part, form: 'custom' } : part,
    ),
  }));
}

function callOf(call: Json): ToolCallPart {
  const id = asText(call.id);
  if (isObject(call.custom)) {
    const { name, input } = call.custom;
    return { type: 'tool_call', id, name: asText(name), arguments: wrapFreeText(asText(input)), form: 'custom' };
  }
  const fn = isObject(call.function) ? call.function : {};
  return { type: 'tool_call', id, name: asText(fn.name), arguments: asText(fn.arguments) };
}

function partsOf(content: unknown, lost: Lost): ContentPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return objectsIn(content).flatMap((part): ContentPart[] => {
    switch (part.type) {
      case 'text':
        return [{ type: 'text', text: asText(part.text) }];
      case 'refusal':
        return [{ type: 'text', text: asText(part.refusal) }];
      case 'image_url': {
        const { url, detail } = isObject(part.image_url) ? part.image_url : {};
        const source = asText(url);
        return [{ type: 'image', source, ...(typeof detail === 'string' ? { detail } : undefined) }];
      }
      case 'input_audio': {
        const { data, format } = isObject(part.input_audio) ? part.input_audio : {};
        return [{ type: 'audio', source: asText(data), ...(typeof format === 'string' ? { format } : undefined) }];
      }
      case 'file': {
        const file = isObject(part.file) ? part.file : {};
        const name = asText(file.filename);
        const data = asText(file.file_data);
        const source = data === '' ? asText(file.file_id) : fileDataUrl(data, name);
        if (source === undefined) {
          lost.add('file_data');
          return [];
        }
        return [{ type: 'file', source, ...(name === '' ? undefined : { name }) }];
      }
      default: {
        // Parts of engines of their own: what they say is carried over, what they show is not.
        const thought = textsIn([part], 'thinking');
        if (thought !== '') return [{ type: 'thinking', text: thought }];
        if (asText(part.text) !== '') return [{ type: 'text', text: asText(part.text) }];
        lost.add(`messages.content.${asText(part.type)}`);
        return [];
      }
    }
  });
}

function toolOf(tool: Json, lost: Lost): Tool[] {
  if (isObject(tool.custom)) {
    const { name, description, format } = tool.custom;
    // Responses spreads what Chat nests.
    const grammar =
      isObject(format) && format.type === 'grammar' && isObject(format.grammar)
        ? { grammar: { type: 'grammar', ...format.grammar } }
        : undefined;
    return [
      { name: asText(name), description: asText(description), parameters: undefined, form: 'custom', ...grammar },
    ];
  }
  const { name, description, parameters, strict } = isObject(tool.function) ? tool.function : tool;
  if (asText(name) === '') {
    lost.add(`tools.${asText(tool.type)}`);
    return [];
  }
  const wants = typeof strict === 'boolean' ? { strict } : undefined;
  return [{ name: asText(name), description: asText(description), parameters, ...wants }];
}

function toolChoiceOf(value: unknown, lost: Lost): ToolChoice | undefined {
  if (value === 'auto' || value === 'none' || value === 'required') return { kind: value };
  if (!isObject(value)) return undefined;
  const named = isObject(value.function) ? value.function : isObject(value.custom) ? value.custom : undefined;
  if (named !== undefined) return { kind: 'tool', name: asText(named.name) };
  const { mode, tools } = isObject(value.allowed_tools) ? value.allowed_tools : {};
  if (mode === 'auto' || mode === 'required') return { kind: mode, only: allowedNames(tools) };
  lost.add('tool_choice');
  return undefined;
}

function stopOf(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return value === '' ? undefined : [value];
  const texts = Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
  return texts.length === 0 ? undefined : texts;
}

/** `top_p`. 1 is all tokens: what is meant where nothing is said, and what Anthropic's newer models refuse beside a temperature. */
export function shareOf(body: Json): number | undefined {
  const share = optional(body, 'top_p', 'number');
  return share === 1 ? undefined : share;
}

/** Engines say 0 or -1 for all tokens. */
function topKOf(body: Json): number | undefined {
  const most = optional(body, 'top_k', 'number');
  return most === undefined || most < 1 ? undefined : most;
}

function formatOf(value: unknown, lost: Lost): AnswerFormat | undefined {
  if (!isObject(value) || value.type === 'text' || value.type === undefined) return undefined;
  if (value.type === 'json_object') return { kind: 'json' };
  if (value.type === 'json_schema' && isObject(value.json_schema)) return schemaFormat(value.json_schema);
  lost.add('response_format');
  return undefined;
}

/** A `json_schema` format, as Chat nests it and Responses spreads it. */
export function schemaFormat({ name, schema, strict, description }: Json): AnswerFormat {
  return {
    kind: 'schema',
    name: asText(name) || 'answer',
    schema,
    ...(typeof strict === 'boolean' ? { strict } : undefined),
    ...(typeof description === 'string' ? { description } : undefined),
  };
}
