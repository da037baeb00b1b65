import { type ContentPart, joinedTexts, type Message, type Role, type ToolDefinition } from '#contract/request.js';
import type { Bytes } from '#contract/units.js';
import { fromUtf8, WireText } from '#contract/wire-text.js';
import { invalid, isObject, type Json, shown } from '#protocols/json.js';
import { textsIn } from './answer-parts.js';

/**
 * How the strings of a body say their characters.
 *
 * - `ascii`: they are ASCII.
 * - `utf8`: each character is one byte of UTF-8. Most of the text is never decoded.
 * - `decoded`: characters beyond ASCII stand as they are: some were written as escapes, so that bytes and characters could not
 *   be told apart.
 */
export type Coding = 'ascii' | 'utf8' | 'decoded';

/** The bulk of a request. */
export interface ChatContent {
  readonly messages: readonly Message[];
  readonly tools: readonly ToolDefinition[];
  /** Length of all text, in bytes of UTF-8. */
  readonly bytes: Bytes;
}

const ROLES: ReadonlyMap<unknown, Role> = new Map<string, Role>([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['tool', 'tool'],
  ['function', 'tool'],
]);

/** More than any conversation has: what is kept of each message costs many times its bytes. */
const MOST_MESSAGES = 65_536;

const NO_TOOLS: readonly ToolDefinition[] = Object.freeze([]);
/** @throws WeirError `request.invalid` with the path of the field. */
export function readContent(body: Json, coding: Coding): ChatContent {
  const { messages } = body;
  if (!Array.isArray(messages)) throw invalid('messages', 'messages must be an array', 'at least one message');
  if (messages.length === 0) throw invalid('messages', 'messages is empty', 'at least one message');
  if (messages.length > MOST_MESSAGES) {
    throw invalid('messages', `messages has more than ${MOST_MESSAGES}`, `at most ${MOST_MESSAGES} messages`);
  }
  const read: Message[] = new Array(messages.length);
  let bytes = 0;
  for (let i = 0; i < messages.length; i++) {
    const message = readMessage(messages[i], i, coding);
    for (const part of message.content) bytes += bytesOf(part, coding);
    read[i] = message;
  }
  const tools = readTools(body.tools, coding);
  // Definitions reach the model as text: their JSON is about as long as what the template prints.
  if (tools.length > 0) bytes += JSON.stringify(body.tools).length;
  return { messages: read, tools, bytes };
}

function readMessage(value: unknown, index: number, coding: Coding): Message {
  if (!isObject(value)) throw invalid(`messages[${index}]`, 'A message must be an object', '{"role": …, "content": …}');
  const role = ROLES.get(value.role);
  if (role === undefined) {
    throw invalid(
      `messages[${index}].role`,
      `Unknown role ${shown(value.role)}`,
      'system, developer, user, assistant or tool',
    );
  }
  const { content } = value;
  if (role === 'tool') {
    const texts = typeof content === 'string' ? [said(content, coding)] : readParts(content, index, coding).map(textIn);
    const id = asText(value.tool_call_id, coding);
    return { role, content: [{ type: 'tool_result', id, ...joinedTexts(texts), failed: false }] };
  }
  const parts: ContentPart[] =
    typeof content === 'string' ? [textPart(content, coding)] : readParts(content, index, coding);
  if (Array.isArray(value.tool_calls)) {
    for (const call of value.tool_calls as unknown[]) {
      if (!isObject(call)) continue;
      const fn = isObject(call.function) ? call.function : {};
      parts.push({
        type: 'tool_call',
        id: asText(call.id, coding),
        name: asText(fn.name, coding),
        arguments: asText(fn.arguments, coding),
      });
    }
  }
  return { role, content: parts };
}

function readParts(content: unknown, index: number, coding: Coding): ContentPart[] {
  if (content === undefined || content === null) return [];
  const path = `messages[${index}].content`;
  if (!Array.isArray(content)) throw invalid(path, 'content must be a string or an array of parts', 'a string');
  return content.map((part: unknown, at): ContentPart => {
    if (!isObject(part))
      throw invalid(`${path}[${at}]`, 'A content part must be an object', '{"type": "text", "text": …}');
    switch (part.type) {
      case 'text':
      case 'refusal':
        return textPart(rawText(part.type === 'text' ? part.text : part.refusal), coding);
      case 'image_url':
        return { type: 'image', source: sourceOf(part.image_url, 'url', coding) };
      case 'input_audio':
        return { type: 'audio', source: sourceOf(part.input_audio, 'data', coding) };
      case 'file':
        return {
          type: 'file',
          source: sourceOf(part.file, 'file_id', coding) || sourceOf(part.file, 'file_data', coding),
        };
      default:
        return otherPart(part, `${path}[${at}].type`, coding);
    }
  });
}

/** A part that OpenAI does not have and engines take: `video_url`, `audio_url`, `thinking` and what is yet to come. What it says is read. */
function otherPart(part: Json, path: string, coding: Coding): ContentPart {
  const { type } = part;
  if (typeof type !== 'string' || type === '') {
    throw invalid(path, `Unknown part type ${shown(type)}`, 'text, image_url, input_audio or file');
  }
  const text = rawText(part.text) || textsIn([part], 'thinking');
  if (text !== '') return textPart(text, coding);
  const source = sourceOf(part[type], 'url', coding) || asText(part[type], coding);
  const [, media = 'file'] = /^(?:input_)?(image|audio)(?:_|$)/.exec(type) ?? [];
  return { type: media as 'image' | 'audio' | 'file', source };
}

function readTools(value: unknown, coding: Coding): readonly ToolDefinition[] {
  if (!Array.isArray(value) || value.length === 0) return NO_TOOLS;
  return value.map((tool: unknown, at): ToolDefinition => {
    if (!isObject(tool))
      throw invalid(`tools[${at}]`, 'A tool must be an object', '{"type": "function", "function": …}');
    const definition = isObject(tool.function) ? tool.function : tool;
    return {
      name: asText(definition.name, coding),
      description: asText(definition.description, coding),
      parameters: definition.parameters,
    };
  });
}

/** Bytes of a part's text. Beside the text of messages they are counted where that costs nothing: in characters. */
function bytesOf(part: ContentPart, coding: Coding): Bytes {
  switch (part.type) {
    case 'text':
      return part.utf8?.length ?? (coding === 'ascii' ? part.text.length : Buffer.byteLength(part.text));
    case 'thinking':
    case 'tool_result':
      return coding === 'ascii' ? part.text.length : Buffer.byteLength(part.text);
    case 'tool_call':
      return part.name.length + part.arguments.length;
    default:
      return 0;
  }
}

function textPart(text: string, coding: Coding): ContentPart {
  if (coding === 'decoded') return { type: 'text', text };
  return coding === 'ascii' ? new WireText(text, text) : new WireText(text);
}

function textIn(part: ContentPart): string {
  return part.type === 'text' ? part.text : '';
}

function sourceOf(value: unknown, key: string, coding: Coding): string {
  return isObject(value) ? asText(value[key], coding) : '';
}

function asText(value: unknown, coding: Coding): string {
  return typeof value === 'string' ? said(value, coding) : '';
}

function rawText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function said(text: string, coding: Coding): string {
  return coding === 'utf8' ? fromUtf8(text) : text;
}
