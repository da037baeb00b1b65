import {
  type CacheMark,
  type ContentPart,
  type FilePart,
  type ImagePart,
  joinedTexts,
  type Message,
  type TextPart,
  type ThinkingPart,
} from '#contract/request.js';
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
  shown,
} from '#protocols/json.js';
import type { AnswerFormat, Conversation, Reasoning, Tool, ToolChoice } from '#protocols/neutral/conversation.js';
import { Lost } from '#protocols/neutral/lost.js';
import { unpackSeal } from '#protocols/neutral/seal.js';

/** Fields of a Messages body that have a counterpart elsewhere. */
const KNOWN = new Set(
  (
    'model messages system max_tokens metadata stop_sequences stream temperature top_p top_k tools tool_choice thinking ' +
    'output_config output_format cache_control'
  ).split(' '),
);

/**
 * An Anthropic Messages body. Checks what Weir reads; what it does not read is the engine's to judge.
 *
 * @param counting the body asks for a count of tokens, which needs no limit.
 * @throws WeirError `request.invalid` with the path of the field.
 */
export function readMessages(body: Json, counting = false): Conversation {
  const lost = new Lost();
  lost.addUnknown(body, KNOWN);
  const model = modelOf(body);
  const { messages } = body;
  if (!Array.isArray(messages)) throw invalid('messages', 'messages must be an array', 'at least one message');
  if (messages.length === 0) throw invalid('messages', 'messages is empty', 'at least one message');
  const maxOutputTokens = optionalCount(body, 'max_tokens');
  if (maxOutputTokens === undefined && !counting) {
    throw invalid('max_tokens', 'max_tokens is required', 'the most tokens that the answer may have');
  }
  if (isObject(body.cache_control)) lost.add('cache_control');
  const { disable_parallel_tool_use: serial } = isObject(body.tool_choice) ? body.tool_choice : {};
  const { user_id: user, ...metadata } = isObject(body.metadata) ? body.metadata : {};
  return compact({
    model,
    messages: [...systemOf(body.system, lost), ...messages.flatMap((one, at) => messagesOf(one, at, lost))],
    tools: objectsIn(body.tools).flatMap(tool => toolOf(tool, lost)),
    toolChoice: toolChoiceOf(body.tool_choice),
    parallelTools: typeof serial === 'boolean' ? !serial : undefined,
    maxOutputTokens,
    temperature: optional(body, 'temperature', 'number'),
    topP: optional(body, 'top_p', 'number'),
    topK: optional(body, 'top_k', 'number'),
    stop: stopOf(body.stop_sequences),
    n: 1,
    format: formatOf(body),
    reasoning: reasoningOf(body),
    user: typeof user === 'string' ? user : undefined,
    metadata: metadataOf(metadata),
    stream: optional(body, 'stream', 'boolean') === true,
    foreign: lost.names,
  }) as Conversation;
}

function systemOf(system: unknown, lost: Lost): Message[] {
  if (system === undefined || system === null) return [];
  const content = contentOf(system, 'system', lost);
  return content.length === 0 ? [] : [{ role: 'system', content }];
}

function messagesOf(value: unknown, index: number, lost: Lost): Message[] {
  const path = `messages[${index}]`;
  if (!isObject(value)) throw invalid(path, 'A message must be an object', '{"role": …, "content": …}');
  const { role } = value;
  if (role !== 'user' && role !== 'assistant' && role !== 'system') {
    throw invalid(`${path}.role`, `Unknown role ${shown(role)}`, 'user or assistant');
  }
  const content = contentOf(value.content, `${path}.content`, lost);
  if (role !== 'user') return [{ role, content }];
  const results = content.filter(part => part.type === 'tool_result');
  if (results.length === 0) return [{ role, content }];
  const rest = content.filter(part => part.type !== 'tool_result');
  const fromTools: Message = { role: 'tool', content: results };
  return rest.length === 0 ? [fromTools] : [fromTools, { role, content: rest }];
}

function contentOf(value: unknown, path: string, lost: Lost): ContentPart[] {
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  if (!Array.isArray(value)) throw invalid(path, 'content must be a string or an array of blocks', 'a string');
  return value.flatMap((block: unknown, at): ContentPart[] => {
    if (!isObject(block)) throw invalid(`${path}[${at}]`, 'A block must be an object', '{"type": "text", "text": …}');
    return partsOf(block, `${path}[${at}]`, lost);
  });
}

function partsOf(block: Json, path: string, lost: Lost): ContentPart[] {
  const cache = cacheOf(block);
  switch (block.type) {
    case 'text':
      if (typeof block.text !== 'string') throw invalid(`${path}.text`, 'text must be a string', 'a string');
      return [{ type: 'text', text: block.text, ...cache }];
    case 'image':
      return imageOf(block, lost);
    case 'document':
      return documentOf(block, path, lost);
    case 'search_result':
      return searchResultOf(block, path, lost);
    case 'thinking':
      return [thinkingOf(block)];
    case 'redacted_thinking':
      return [{ type: 'thinking', text: '', signature: asText(block.data), sealedBy: 'anthropic', id: REDACTED }];
    case 'tool_use': {
      const id = asText(block.id);
      const args = isObject(block.input) ? JSON.stringify(block.input) : '{}';
      return [{ type: 'tool_call', id, name: asText(block.name), arguments: args, ...cache }];
    }
    case 'tool_result':
      return [resultOf(block, path, lost)];
    default:
      // Blocks of tools that Anthropic runs itself, and what is yet to be invented.
      if (typeof block.type !== 'string') throw invalid(`${path}.type`, 'A block needs a type', 'text');
      lost.add(`messages.${block.type}`);
      return [];
  }
}

/** What {@link ThinkingPart.id} says of a thought that Anthropic gives no text of. */
export const REDACTED = 'redacted';

function thinkingOf(block: Json): ThinkingPart {
  const text = asText(block.thinking);
  const signature = asText(block.signature);
  const unpacked = unpackSeal(signature, text);
  if (unpacked !== undefined) return unpacked;
  return { type: 'thinking', text, ...(signature === '' ? undefined : { signature, sealedBy: 'anthropic' }) };
}

function resultOf(block: Json, path: string, lost: Lost): ContentPart {
  const inner =
    block.content === undefined || block.content === null ? [] : contentOf(block.content, `${path}.content`, lost);
  const media = inner.filter((part): part is ImagePart | FilePart => part.type === 'image' || part.type === 'file');
  return {
    type: 'tool_result',
    id: asText(block.tool_use_id),
    ...joinedTexts(inner.flatMap(part => (part.type === 'text' ? (part.texts ?? [part.text]) : []))),
    failed: block.is_error === true,
    ...(media.length === 0 ? undefined : { media }),
    ...cacheOf(block),
  };
}

function imageOf(block: Json, lost: Lost): ContentPart[] {
  const source = sourceOf(block.source);
  if (source !== undefined) return [{ type: 'image', source, ...cacheOf(block) }];
  lost.add('messages.image');
  return [];
}

function documentOf(block: Json, path: string, lost: Lost): ContentPart[] {
  const inner = isObject(block.source) ? block.source : {};
  const title = asText(block.title);
  const context = asText(block.context);
  if (isObject(block.citations) && block.citations.enabled === true) lost.add('citations');
  if (inner.type === 'text') return [headed([title, context], asText(inner.data), block)];
  if (inner.type === 'content') {
    const parts = contentOf(inner.content, `${path}.source.content`, lost).map(retrieved);
    const about = [title, context].filter(text => text !== '');
    const head: ContentPart[] = about.length === 0 ? [] : [retrieved({ type: 'text', ...joinedTexts(about, '\n\n') })];
    const last = parts.pop();
    return last === undefined ? head : [...head, ...parts, { ...last, ...cacheOf(block) }];
  }
  const source = sourceOf(inner);
  if (source === undefined) {
    lost.add('messages.document');
    return [];
  }
  const file: FilePart = { type: 'file', source, ...(title === '' ? undefined : { name: title }), ...cacheOf(block) };
  return context === '' ? [file] : [retrieved({ type: 'text', text: context }), file];
}

/** What a search of the client's own has found: elsewhere it is text. */
function searchResultOf(block: Json, path: string, lost: Lost): ContentPart[] {
  if (isObject(block.citations) && block.citations.enabled === true) lost.add('citations');
  const parts = contentOf(block.content ?? [], `${path}.content`, lost);
  const said = parts.flatMap(part => (part.type === 'text' ? [part.text] : []));
  const found = headed([asText(block.title), asText(block.source)], said.join('\n'), block);
  return [said.length > 1 ? { ...found, texts: [...(found.texts ?? []).slice(0, -1), ...said] } : found];
}

function headed(head: readonly string[], text: string, block: Json): TextPart {
  const lines = [...head.filter(line => line !== ''), text];
  return { type: 'text', ...joinedTexts(lines, '\n\n'), retrieved: true, ...cacheOf(block) };
}

/** What the user shows and does not say. */
function retrieved(part: ContentPart): ContentPart {
  return part.type === 'text' ? { ...part, retrieved: true } : part;
}

/** Where an image or document is, as a URL. Files that only Anthropic has are nowhere. */
function sourceOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  if (value.type === 'url') return asText(value.url);
  if (value.type === 'base64') return `data:${asText(value.media_type)};base64,${asText(value.data)}`;
  return undefined;
}

function cacheOf(block: Json): { readonly cache: CacheMark } | undefined {
  return isObject(block.cache_control) ? { cache: block.cache_control } : undefined;
}

function toolOf(tool: Json, lost: Lost): Tool[] {
  if (tool.input_schema === undefined) {
    lost.add(`tools.${asText(tool.type) || asText(tool.name)}`);
    return [];
  }
  const { name, description, input_schema: parameters, strict } = tool;
  const wants = typeof strict === 'boolean' ? { strict } : undefined;
  return [{ name: asText(name), description: asText(description), parameters, ...wants, ...cacheOf(tool) }];
}

function toolChoiceOf(value: unknown): ToolChoice | undefined {
  if (!isObject(value)) return undefined;
  switch (value.type) {
    case 'auto':
    case 'none':
      return { kind: value.type };
    case 'any':
      return { kind: 'required' };
    case 'tool':
      return { kind: 'tool', name: asText(value.name) };
    default:
      return undefined;
  }
}

function stopOf(value: unknown): readonly string[] | undefined {
  const texts = Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
  return texts.length === 0 ? undefined : texts;
}

function formatOf(body: Json): AnswerFormat | undefined {
  const format = isObject(body.output_config) ? body.output_config.format : body.output_format;
  return isObject(format) && format.type === 'json_schema'
    ? { kind: 'schema', name: 'answer', schema: format.schema }
    : undefined;
}

function reasoningOf(body: Json): Reasoning | undefined {
  const thinking = isObject(body.thinking) ? body.thinking : {};
  const { effort } = isObject(body.output_config) ? body.output_config : {};
  const said = typeof effort === 'string' ? { effort: effort === 'max' ? 'xhigh' : effort } : undefined;
  if (thinking.type === 'enabled') {
    const budget = typeof thinking.budget_tokens === 'number' ? { budget: thinking.budget_tokens } : undefined;
    return { ...said, ...budget, summary: 'auto' };
  }
  if (thinking.type === 'adaptive') return { effort: 'medium', ...said, summary: 'auto' };
  return said;
}
