import { isAscii } from 'node:buffer';
import type { Caller, InferenceRequest, Message, Sampling, ToolDefinition } from '#contract/request.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { fromUtf8 } from '#contract/wire-text.js';
import { invalid, isObject, type Json } from '#protocols/json.js';
import { checkUtf8 } from '#protocols/json-guard.js';
import type { Envelope } from '#protocols/protocol.js';
import { type ChatContent, type Coding, readContent } from './chat-content.js';
import { answersAsked, asksForJson } from './terms.js';

const NO_METADATA: Readonly<Record<string, string>> = Object.freeze({});
/** Bounds of `metadata`, as OpenAI documents them with some room. */
const METADATA = { entries: 32, chars: 1024 } as const;

/** A body as text. */
export interface BodyText {
  readonly text: string;
  readonly coding: Coding;
  /** Each character of the text stands for one byte of the body. */
  readonly bytewise: boolean;
}

/** @throws WeirError `request.not_json` when the bytes are no UTF-8. */
export function bodyText(body: Buffer): BodyText {
  const bytes = body.toString('latin1');
  const ascii = isAscii(body);
  if (!ascii) checkUtf8(body);
  if (!bytes.includes('\\u')) return { text: bytes, coding: ascii ? 'ascii' : 'utf8', bytewise: true };
  return { text: ascii ? bytes : body.toString('utf8'), coding: 'decoded', bytewise: ascii };
}

/**
 * An OpenAI Chat Completions body as a neutral request. Checks what Weir reads; what it does not read is the engine's to judge.
 *
 * @param coding how the strings of the body say their characters.
 * @param again gives the body anew, for when its content is asked for after {@link ChatRequest.release}.
 * @throws WeirError `request.invalid` with the path of the field.
 */
export function readChat(
  body: Json,
  envelope: Envelope,
  coding: Coding = 'decoded',
  again: () => Json = () => body,
): ChatRequest {
  const { model, stream } = body;
  if (typeof model !== 'string' || model === '')
    throw invalid('model', 'model must be a string', 'a model name, or "auto"');
  if (model.length > 256) throw invalid('model', 'model is too long', 'a name of at most 256 characters');
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
    throw invalid('stream', 'stream must be true or false', 'a boolean');
  }
  return new ChatRequest(body, envelope, coding, again);
}

/**
 * A Chat Completions request. Its messages and tools are the bulk of it, are read in its first moments and then hardly ever: they
 * can be let go while an engine is at work on it, which is most of a request's life, and come back when they are asked for.
 */
export class ChatRequest implements InferenceRequest {
  readonly id: string;
  readonly arrivedAt: Milliseconds;
  readonly model: string;
  readonly sampling: Sampling;
  readonly stream: boolean;
  readonly caller: Caller;
  readonly metadata: Readonly<Record<string, string>>;
  readonly promptBytes: Bytes;
  private content: ChatContent | undefined;

  constructor(
    body: Json,
    { id, arrivedAt, caller }: Envelope,
    private readonly coding: Coding,
    private readonly again: () => Json,
  ) {
    const { model, stream, user } = body;
    const said = (text: string): string => (coding === 'utf8' ? fromUtf8(text) : text);
    this.content = readContent(body, coding);
    this.id = id;
    this.arrivedAt = arrivedAt;
    this.model = said(model as string);
    this.sampling = readSampling(body);
    this.stream = stream === true;
    this.caller =
      typeof user === 'string' && caller.user === undefined ? { ...caller, user: said(user).slice(0, 256) } : caller;
    this.metadata = readMetadata(body.metadata, body.cache_salt, said);
    this.promptBytes = this.content.bytes;
  }

  get messages(): readonly Message[] {
    return this.contents().messages;
  }

  get tools(): readonly ToolDefinition[] {
    return this.contents().tools;
  }

  /** Lets messages and tools go. */
  release(): void {
    this.content = undefined;
  }

  private contents(): ChatContent {
    this.content ??= readContent(this.again(), this.coding);
    return this.content;
  }
}

function readSampling(body: Json): Sampling {
  const max = count(body, 'max_completion_tokens') ?? count(body, 'max_tokens');
  return {
    n: answersAsked(body),
    structured: asksForJson(body),
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
function readMetadata(value: unknown, salt: unknown, said: (text: string) => string): Readonly<Record<string, string>> {
  if (typeof salt === 'string') {
    return { ...readMetadata(value, undefined, said), cache_salt: said(salt).slice(0, METADATA.chars) };
  }
  if (!isObject(value)) return NO_METADATA;
  const entries = Object.entries(value).slice(0, METADATA.entries);
  return Object.fromEntries(
    entries.flatMap(([key, item]) =>
      typeof item === 'string' ? [[said(key).slice(0, 128), said(item).slice(0, METADATA.chars)]] : [],
    ),
  );
}
