import type { Message } from '#contract/request.js';
import {
  asText,
  compact,
  invalid,
  isObject,
  type Json,
  metadataOf,
  modelOf,
  objectsIn,
  optional,
  optionalCount,
} from '#protocols/json.js';
import { allowedNames } from '#protocols/neutral/allowed-tools.js';
import type { AnswerFormat, Conversation, Reasoning, Tool, ToolChoice } from '#protocols/neutral/conversation.js';
import { LOCAL_SHELL } from '#protocols/neutral/custom-tools.js';
import { Lost } from '#protocols/neutral/lost.js';
import { schemaFormat, shareOf } from '#protocols/openai/chat-conversation.js';
import { messagesFrom } from './items.js';

/** Fields of a Responses body that have a counterpart elsewhere, or that Weir answers for itself. */
const KNOWN = new Set(
  (
    'model input instructions tools tool_choice parallel_tool_calls max_output_tokens temperature top_p text reasoning user ' +
    'safety_identifier metadata prompt_cache_key service_tier stream stream_options store previous_response_id include truncation ' +
    'background client_metadata'
  ).split(' '),
);
/** What can be included that every conversation through Weir has, or that costs nothing to leave out. */
const INCLUDED = new Set(['reasoning.encrypted_content']);

/**
 * A Responses body. Checks what Weir reads; what it does not read is the engine's to judge.
 *
 * @param items what `input` holds, with what came before it where the request goes on from an earlier response.
 * @throws WeirError `request.invalid` with the path of the field.
 */
export function readResponses(body: Json, items: readonly Json[]): Conversation {
  const lost = new Lost();
  lost.addUnknown(body, KNOWN);
  if (body.background === true) {
    throw invalid('background', 'Weir answers while the client waits, not in the background', 'false');
  }
  if (Array.isArray(body.include)) {
    for (const one of body.include) if (typeof one === 'string' && !INCLUDED.has(one)) lost.add(`include.${one}`);
  }
  if (body.truncation === 'auto') lost.add('truncation');
  return compact({
    model: modelOf(body),
    messages: [...instructionsOf(body), ...messagesFrom(items, lost)],
    tools: objectsIn(body.tools).flatMap(tool => toolOf(tool, lost)),
    toolChoice: toolChoiceOf(body.tool_choice, lost),
    parallelTools: optional(body, 'parallel_tool_calls', 'boolean'),
    maxOutputTokens: optionalCount(body, 'max_output_tokens'),
    temperature: optional(body, 'temperature', 'number'),
    topP: shareOf(body),
    n: 1,
    format: formatOf(body.text),
    reasoning: reasoningOf(body.reasoning),
    verbosity: isObject(body.text) ? optional(body.text, 'verbosity', 'string') : undefined,
    user: optional(body, 'user', 'string') ?? optional(body, 'safety_identifier', 'string'),
    metadata: metadataOf(body.metadata),
    cacheKey: optional(body, 'prompt_cache_key', 'string') || undefined,
    serviceTier: optional(body, 'service_tier', 'string'),
    stream: optional(body, 'stream', 'boolean') === true,
    foreign: lost.names,
  }) as Conversation;
}

function instructionsOf(body: Json): Message[] {
  const text = optional(body, 'instructions', 'string');
  return text === undefined || text === '' ? [] : [{ role: 'system', content: [{ type: 'text', text }] }];
}

function toolOf(tool: Json, lost: Lost): Tool[] {
  const name = asText(tool.name);
  const description = asText(tool.description);
  switch (tool.type) {
    case 'function':
      return [
        {
          name,
          description,
          parameters: tool.parameters ?? undefined,
          ...(typeof tool.strict === 'boolean' ? { strict: tool.strict } : undefined),
        },
      ];
    case 'custom': {
      const { format } = tool;
      const grammar = isObject(format) && format.type === 'grammar' ? { grammar: format } : undefined;
      return [{ name, description, parameters: undefined, form: 'custom', ...grammar }];
    }
    case 'local_shell':
      return [LOCAL_SHELL];
    default:
      // Tools that OpenAI runs itself.
      lost.add(`tools.${asText(tool.type)}`);
      return [];
  }
}

function toolChoiceOf(value: unknown, lost: Lost): ToolChoice | undefined {
  if (value === 'auto' || value === 'none' || value === 'required') return { kind: value };
  if (!isObject(value)) return undefined;
  if (value.type === 'function' || value.type === 'custom') return { kind: 'tool', name: asText(value.name) };
  if (value.type === 'local_shell') return { kind: 'tool', name: LOCAL_SHELL.name };
  if (value.type === 'allowed_tools' && (value.mode === 'auto' || value.mode === 'required')) {
    return { kind: value.mode, only: allowedNames(value.tools) };
  }
  lost.add('tool_choice');
  return undefined;
}

function formatOf(text: unknown): AnswerFormat | undefined {
  const format = isObject(text) ? text.format : undefined;
  if (!isObject(format)) return undefined;
  if (format.type === 'json_object') return { kind: 'json' };
  return format.type === 'json_schema' ? schemaFormat(format) : undefined;
}

function reasoningOf(value: unknown): Reasoning | undefined {
  if (!isObject(value)) return undefined;
  const effort = optional(value, 'effort', 'string');
  const summary = optional(value, 'summary', 'string');
  if (effort === undefined && summary === undefined) return undefined;
  return compact({ effort, summary }) as Reasoning;
}
