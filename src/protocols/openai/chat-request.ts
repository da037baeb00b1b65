import { isAscii } from 'node:buffer';
import { WeirError } from '#contract/errors.js';
import type { ContentPart, InferenceRequest, Message, Role, Sampling, ToolDefinition } from '#contract/request.js';
import { checkDepth, checkOnce, checkUtf8 } from '#protocols/json-guard.js';
import type { Envelope } from '#protocols/protocol.js';

type Json = Readonly<Record<string, unknown>>;

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
const NO_METADATA: Readonly<Record<string, string>> = Object.freeze({});
/** Bounds of `metadata`, as OpenAI documents them with some room. */
const METADATA = { entries: 32, chars: 1024 } as const;

/**
 * The text of a body; ASCII bytes, the common case, need no decoding.
 *
 * @throws WeirError `request.not_json` when the bytes are not UTF-8.
 */
export function bodyText(body: Buffer): string {
  if (isAscii(body)) return body.toString('latin1');
  checkUtf8(body);
  return body.toString('utf8');
}

const ONCE = ['model', 'messages'] as const;

/** @throws WeirError `request.not_json` when the text is not a JSON object; `request.invalid` for what parsers could read differently. */
export function parseObject(text: string): Json {
  checkDepth(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const where = cause instanceof Error ? cause.message.slice(0, 200) : '';
    throw new WeirError('request.not_json', `The body is not JSON: ${where}`, { hint: 'a JSON object', cause });
  }
  if (!isObject(value)) throw invalid('', 'The body must be a JSON object', 'an object with "model" and "messages"');
  checkOnce(text, ONCE);
  return value;
}

/**
 * An OpenAI Chat Completions body as a neutral request. Checks what Weir reads; what it does not read is the engine's to judge.
 *
 * @throws WeirError `request.invalid` with the path of the field.
 */
export function readChat(body: Json, envelope: Envelope): InferenceRequest {
  const { model, messages, stream } = body;
  if (typeof model !== 'string' || model === '')
    throw invalid('model', 'model must be a string', 'a model name, or "auto"');
  if (model.length > 256) throw invalid('model', 'model is too long', 'a name of at most 256 characters');
  if (!Array.isArray(messages)) throw invalid('messages', 'messages must be an array', 'at least one message');
  if (messages.length === 0) throw invalid('messages', 'messages is empty', 'at least one message');
  if (messages.length > MOST_MESSAGES)
    throw invalid('messages', `messages has more than ${MOST_MESSAGES}`, `at most ${MOST_MESSAGES} messages`);
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
    throw invalid('stream', 'stream must be true or false', 'a boolean');
  }

  const read: Message[] = new Array(messages.length);
  let chars = 0;
  for (let i = 0; i < messages.length; i++) {
    const message = readMessage(messages[i], i);
    for (const part of message.content) chars += charsOf(part);
    read[i] = message;
  }
  const tools = readTools(body.tools);
  // Definitions reach the model as text: their JSON is about as long as what the template prints.
  if (tools.length > 0) chars += JSON.stringify(body.tools).length;

  const user = body.user;
  const { caller } = envelope;
  return {
    id: envelope.id,
    arrivedAt: envelope.arrivedAt,
    model,
    messages: read,
    tools,
    sampling: readSampling(body),
    stream: stream === true,
    caller: typeof user === 'string' && caller.user === undefined ? { ...caller, user: user.slice(0, 256) } : caller,
    metadata: readMetadata(body.metadata, body.cache_salt),
    promptChars: chars,
  };
}

function readMessage(value: unknown, index: number): Message {
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
    const text = typeof content === 'string' ? content : joined(readParts(content, index));
    const id = typeof value.tool_call_id === 'string' ? value.tool_call_id : '';
    return { role, content: [{ type: 'tool_result', id, text, failed: false }] };
  }
  const parts: ContentPart[] =
    typeof content === 'string' ? [{ type: 'text', text: content }] : readParts(content, index);
  if (Array.isArray(value.tool_calls)) {
    for (const call of value.tool_calls as unknown[]) {
      if (!isObject(call)) continue;
      const fn = isObject(call.function) ? call.function : {};
      parts.push({
        type: 'tool_call',
        id: asText(call.id),
        name: asText(fn.name),
        arguments: asText(fn.arguments),
      });
    }
  }
  return { role, content: parts };
}

function readParts(content: unknown, index: number): ContentPart[] {
  if (content === undefined || content === null) return [];
  const path = `messages[${index}].content`;
  if (!Array.isArray(content)) throw invalid(path, 'content must be a string or an array of parts', 'a string');
  return content.map((part: unknown, at): ContentPart => {
    if (!isObject(part))
      throw invalid(`${path}[${at}]`, 'A content part must be an object', '{"type": "text", "text": …}');
    switch (part.type) {
      case 'text':
      case 'refusal':
        return { type: 'text', text: asText(part.type === 'text' ? part.text : part.refusal) };
      case 'image_url':
        return { type: 'image', source: sourceOf(part.image_url, 'url') };
      case 'input_audio':
        return { type: 'audio', source: sourceOf(part.input_audio, 'data') };
      case 'file':
        return { type: 'file', source: sourceOf(part.file, 'file_id') || sourceOf(part.file, 'file_data') };
      default:
        throw invalid(
          `${path}[${at}].type`,
          `Unknown part type ${shown(part.type)}`,
          'text, image_url, input_audio or file',
        );
    }
  });
}

function readTools(value: unknown): readonly ToolDefinition[] {
  if (!Array.isArray(value) || value.length === 0) return NO_TOOLS;
  return value.map((tool: unknown, at): ToolDefinition => {
    if (!isObject(tool))
      throw invalid(`tools[${at}]`, 'A tool must be an object', '{"type": "function", "function": …}');
    const definition = isObject(tool.function) ? tool.function : tool;
    return {
      name: asText(definition.name),
      description: asText(definition.description),
      parameters: definition.parameters,
    };
  });
}

function readSampling(body: Json): Sampling {
  const n = body.n;
  if (n !== undefined && n !== null && !(Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 128)) {
    throw invalid('n', 'n must be an integer from 1 to 128', '1');
  }
  const max = count(body, 'max_completion_tokens') ?? count(body, 'max_tokens');
  const format = body.response_format;
  return {
    n: typeof n === 'number' ? n : 1,
    structured: isObject(format) && format.type !== 'text' && format.type !== undefined,
    ...(max === undefined ? undefined : { maxOutputTokens: max }),
    ...optionalNumber('temperature', body.temperature),
    ...optionalNumber('topP', body.top_p),
    ...optionalNumber('seed', body.seed),
    ...(typeof body.reasoning_effort === 'string' ? { reasoningEffort: body.reasoning_effort } : undefined),
  };
}

function optionalNumber(key: 'temperature' | 'topP' | 'seed', value: unknown): Partial<Sampling> | undefined {
  return typeof value === 'number' ? { [key]: value } : undefined;
}

function count(body: Json, key: string): number | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw invalid(key, `${key} must be a positive integer`, 'a whole number of tokens');
  }
  return value;
}

/** @param salt keeps a tenant's prefix cache apart, as vLLM understands `cache_salt`. */
function readMetadata(value: unknown, salt: unknown): Readonly<Record<string, string>> {
  if (typeof salt === 'string') return { ...readMetadata(value, undefined), cache_salt: salt.slice(0, METADATA.chars) };
  if (!isObject(value)) return NO_METADATA;
  const entries = Object.entries(value).slice(0, METADATA.entries);
  return Object.fromEntries(
    entries.flatMap(([key, item]) =>
      typeof item === 'string' ? [[key.slice(0, 128), item.slice(0, METADATA.chars)]] : [],
    ),
  );
}

function charsOf(part: ContentPart): number {
  switch (part.type) {
    case 'text':
    case 'thinking':
    case 'tool_result':
      return part.text.length;
    case 'tool_call':
      return part.name.length + part.arguments.length;
    default:
      return 0;
  }
}

function joined(parts: readonly ContentPart[]): string {
  return parts.map(part => (part.type === 'text' ? part.text : '')).join('\n');
}

function sourceOf(value: unknown, key: string): string {
  return isObject(value) ? asText(value[key]) : '';
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '(an array)' : '(an object)';
  return value === undefined ? '(none)' : JSON.stringify(value).slice(0, 40);
}

function invalid(path: string, message: string, hint: string): WeirError {
  return new WeirError('request.invalid', message, { path, hint });
}
