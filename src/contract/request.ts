import type { Bytes, Milliseconds, Tokens } from './units.js';

/**
 * One request for inference, in no API's shape. Adapters in `protocols/` turn a wire format into this and an answer back out;
 * nothing past the adapter knows which API was spoken.
 */
export interface InferenceRequest {
  readonly id: string;
  /** Monotonic arrival time ({@link Clock.now}): when the head of the request was read. */
  readonly arrivedAt: Milliseconds;
  /** The model name as the caller wrote it: a real model, or a virtual one such as `auto`. */
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolDefinition[];
  readonly sampling: Sampling;
  readonly stream: boolean;
  readonly caller: Caller;
  /** Free-form facts the caller attached to the request (`metadata` of the body). Bounded by the adapter. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Length of the prompt's text over all messages and tool definitions, in bytes of UTF-8: what token estimates start from. */
  readonly promptBytes: Bytes;
}

export type Role = 'system' | 'user' | 'assistant' | 'tool';

export interface Message {
  readonly role: Role;
  readonly content: readonly ContentPart[];
}

/** A part of a message. What the parts of the house read is required; what only matters on the way to an engine is optional. */
export type ContentPart =
  | TextPart
  | ThinkingPart
  | ImagePart
  | { readonly type: 'audio'; readonly source: string; readonly format?: string }
  | FilePart
  | ToolCallPart
  | ToolResultPart;

export interface TextPart {
  readonly type: 'text';
  readonly text: string;
  /** The bytes of the text, one character each (latin1), where it came as such ({@link WireText}). */
  readonly utf8?: string;
  /** The texts as they came, where this is several of them joined: what is changed on the way to an engine is each of them. */
  readonly texts?: readonly string[];
  /** Set where the author of the message does not say it, but shows it: a document, or what a search has found. */
  readonly retrieved?: true;
  readonly cache?: CacheMark;
}

export interface ThinkingPart {
  readonly type: 'thinking';
  readonly text: string;
  /** What its maker sealed the thought with, or the sealed thought itself where there is no text: only the maker can read it. */
  readonly signature?: string;
  readonly sealedBy?: 'anthropic' | 'openai';
  /** The maker's name of it, where it has one. */
  readonly id?: string;
}

export interface ImagePart {
  readonly type: 'image';
  /** A URL, or the image itself as a `data:` URL. */
  readonly source: string;
  readonly detail?: string;
  readonly cache?: CacheMark;
}

export interface FilePart {
  readonly type: 'file';
  /** A URL, the file itself as a `data:` URL, or the provider's name of it. */
  readonly source: string;
  readonly name?: string;
  readonly cache?: CacheMark;
}

/** How a tool is called: with JSON by a schema, with free text (`custom`), or as the shell that a client runs itself. */
export type ToolForm = 'function' | 'custom' | 'local_shell';

export interface ToolCallPart {
  readonly type: 'tool_call';
  readonly id: string;
  readonly name: string;
  /** JSON; for the form `custom` an object whose member `input` is the text. */
  readonly arguments: string;
  /** `function` unless said. */
  readonly form?: ToolForm;
  readonly cache?: CacheMark;
}

export interface ToolResultPart {
  readonly type: 'tool_result';
  readonly id: string;
  readonly text: string;
  /** As of {@link TextPart}. */
  readonly texts?: readonly string[];
  readonly failed: boolean;
  /** Images and files in the result, beside its text. */
  readonly media?: readonly (ImagePart | FilePart)[];
  /** Form of the call it answers; `function` unless said. */
  readonly form?: ToolForm;
  readonly cache?: CacheMark;
}

/** A prompt-cache breakpoint behind a part, as it came (`{"type": "ephemeral"}`). */
export type CacheMark = Readonly<Record<string, unknown>>;

export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, as it came. */
  readonly parameters: unknown;
}

export interface Sampling {
  readonly maxOutputTokens?: Tokens;
  readonly temperature?: number;
  readonly topP?: number;
  /** How many answers were asked for; 1 unless said. */
  readonly n: number;
  readonly seed?: number;
  readonly reasoningEffort?: string;
  /** Whether the answer has to be JSON, of a schema or of any. */
  readonly structured: boolean;
}

/** Who asks, as far as the gateway has established it. */
export interface Caller {
  /** A stable, non-reversible name of the credential that was shown; absent when none was. Never the credential itself. */
  readonly key?: string;
  /** The end user the application named (`user` of the body, or an identity header from a trusted proxy). */
  readonly user?: string;
  /** The team of the caller, where keys or tokens are asked for. */
  readonly team?: string;
  readonly address: string;
  /** Request headers, names in lower case, without credentials and cookies. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Several texts as one, with what they were. */
export function joinedTexts(
  texts: readonly string[],
  by = '\n',
): { readonly text: string; readonly texts?: readonly string[] } {
  const text = texts.join(by);
  return texts.length > 1 ? { text, texts } : { text };
}

/** All text of one message, parts joined by new lines. */
export function textOf(message: Message): string {
  const { content } = message;
  const only = content[0];
  if (content.length === 1 && only !== undefined) return partText(only);
  let text = '';
  for (const part of content) {
    const piece = partText(part);
    if (piece !== '') text = text === '' ? piece : `${text}\n${piece}`;
  }
  return text;
}

/** The text of one part; the empty string for images, audio and files. */
export function partText(part: ContentPart): string {
  switch (part.type) {
    case 'text':
    case 'thinking':
    case 'tool_result':
      return part.text;
    case 'tool_call':
      return part.arguments;
    default:
      return '';
  }
}

/** The text of the last message by `role`, or the empty string when there is none. */
export function lastTextBy(messages: readonly Message[], role: Role): string {
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (message?.role === role) return textOf(message);
  }
  return '';
}
