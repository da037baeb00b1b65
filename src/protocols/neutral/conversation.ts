import type { InferenceRequest, Message, Sampling, ToolDefinition, ToolForm } from '#contract/request.js';
import type { Bytes, Tokens } from '#contract/units.js';
import type { Envelope } from '#protocols/protocol.js';

/**
 * All that a request says, in no API's shape: what an engine of another API is sent is made from it. The {@link InferenceRequest}
 * that the rest of the house reads is a part of it ({@link inferenceOf}).
 */
export interface Conversation {
  readonly model: string;
  /** System messages come first and where the client put them; results of tools are messages of the role `tool`. */
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelTools?: boolean;
  readonly maxOutputTokens?: Tokens;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  /** How many answers are wanted. */
  readonly n: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly format?: AnswerFormat;
  readonly reasoning?: Reasoning;
  readonly verbosity?: string;
  readonly user?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Requests with the same key share a prompt cache where the provider has one. */
  readonly cacheKey?: string;
  readonly serviceTier?: string;
  readonly stream: boolean;
  /** What the client said and no other API has a word for: names of fields. */
  readonly foreign: readonly string[];
}

export interface Tool extends ToolDefinition {
  /** `function` unless said. */
  readonly form?: ToolForm;
  /** Whether arguments must follow the schema to the letter. */
  readonly strict?: boolean;
  /** What a `custom` tool's text must look like, as Responses writes it. */
  readonly grammar?: unknown;
  readonly cache?: Readonly<Record<string, unknown>>;
}

export type ToolChoice =
  /** @property only names of the tools that may be called; all of them unless said. */
  | { readonly kind: 'auto' | 'none' | 'required'; readonly only?: readonly string[] }
  | { readonly kind: 'tool'; readonly name: string };

export type AnswerFormat =
  | { readonly kind: 'json' }
  | {
      readonly kind: 'schema';
      readonly name: string;
      readonly schema: unknown;
      readonly strict?: boolean;
      readonly description?: string;
    };

export interface Reasoning {
  /** How hard to think, in the words of the APIs: `none`, `minimal`, `low`, `medium`, `high` and beyond. */
  readonly effort?: string;
  /** Tokens to think with, where the client counts them. */
  readonly budget?: Tokens;
  /** How the thoughts are to be summed up, where the client wants to see them. */
  readonly summary?: string;
}

/** The part of a conversation that routing and placement read. */
export function inferenceOf(conversation: Conversation, promptBytes: Bytes, envelope: Envelope): InferenceRequest {
  const { model, messages, tools, stream, metadata, user } = conversation;
  const { caller } = envelope;
  return {
    id: envelope.id,
    arrivedAt: envelope.arrivedAt,
    ...{ model, messages, tools, stream, metadata, promptBytes },
    sampling: samplingOf(conversation),
    caller: user !== undefined && caller.user === undefined ? { ...caller, user: user.slice(0, 256) } : caller,
  };
}

function samplingOf(conversation: Conversation): Sampling {
  const { maxOutputTokens, temperature, topP, seed, reasoning, n } = conversation;
  return {
    n,
    structured: conversation.format !== undefined,
    ...(maxOutputTokens === undefined ? undefined : { maxOutputTokens }),
    ...(temperature === undefined ? undefined : { temperature }),
    ...(topP === undefined ? undefined : { topP }),
    ...(seed === undefined ? undefined : { seed }),
    ...(reasoning?.effort === undefined ? undefined : { reasoningEffort: reasoning.effort }),
  };
}

/** Length of what the model reads, in bytes of UTF-8. @param toolsText the tools as the client wrote them. */
export function promptBytesOf(messages: readonly Message[], toolsText: string): Bytes {
  let bytes = toolsText.length;
  for (const message of messages) {
    for (const part of message.content) {
      if (part.type === 'text' || part.type === 'thinking' || part.type === 'tool_result') {
        bytes += Buffer.byteLength(part.text);
      } else if (part.type === 'tool_call') bytes += part.name.length + part.arguments.length;
    }
  }
  return bytes;
}
