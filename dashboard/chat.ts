import { ApiError, errorOf, post } from './api.js';
import { eventsOf } from './event-stream.js';

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** What the response headers tell of the decision before the record can be read. */
export interface Preview {
  readonly id: string | undefined;
  readonly decision: string | undefined;
  readonly reason: string | undefined;
  readonly model: string | undefined;
  readonly pool: string | undefined;
  readonly replica: string | undefined;
}

/** Told of an answer while it comes. */
export interface Listener {
  head(preview: Preview): void;
  text(delta: string): void;
  /** What a reasoning model thinks before it answers. */
  thought(delta: string): void;
}

export interface Ending {
  /** As the engine counted them; absent when it did not say. */
  readonly completionTokens: number | undefined;
  readonly finish: string | undefined;
}

interface ChunkBody {
  readonly error?: { readonly message?: string; readonly code?: string | null } | null;
  readonly usage?: { readonly completion_tokens?: number } | null;
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null; readonly reasoning_content?: string | null };
    readonly finish_reason?: string | null;
  }[];
}

/**
 * Sends a conversation and passes the answer on as it streams in.
 *
 * @throws ApiError when there is no answer or it broke off; an `AbortError` when `signal` ended it.
 */
export async function chat(
  model: string,
  messages: readonly Message[],
  headers: Headers,
  signal: AbortSignal,
  listener: Listener,
): Promise<Ending> {
  const body = { model, messages, stream: true, stream_options: { include_usage: true } };
  let response: Response;
  try {
    response = await fetch('/v1/chat/completions', { ...post(body, headers), signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError('The gateway cannot be reached.', 0, undefined);
  }
  listener.head(previewOf(response.headers));
  if (!response.ok || response.body === null) throw await errorOf(response);
  let completionTokens: number | undefined;
  let finish: string | undefined;
  let done = false;
  try {
    for await (const data of eventsOf(response.body)) {
      if (data === '[DONE]') {
        done = true;
        continue;
      }
      const chunk = JSON.parse(data) as ChunkBody;
      if (chunk.error)
        throw new ApiError(chunk.error.message ?? 'No reason was given.', 200, chunk.error.code ?? undefined);
      completionTokens = chunk.usage?.completion_tokens ?? completionTokens;
      const choice = chunk.choices?.[0];
      finish = choice?.finish_reason ?? finish;
      if (choice?.delta?.reasoning_content) listener.thought(choice.delta.reasoning_content);
      if (choice?.delta?.content) listener.text(choice.delta.content);
    }
  } catch (error) {
    if (signal.aborted || error instanceof ApiError) throw error;
    throw new ApiError('The connection broke off in the middle of the answer.', response.status, undefined);
  }
  if (!done) throw new ApiError('The stream ended without saying that it was done.', response.status, undefined);
  return { completionTokens, finish };
}

function previewOf(headers: Headers): Preview {
  const read = (name: string): string | undefined => headers.get(name) ?? undefined;
  return {
    id: read('x-request-id'),
    decision: read('x-weir-decision'),
    reason: read('x-weir-reason'),
    model: read('x-weir-model'),
    pool: read('x-weir-pool'),
    replica: read('x-weir-replica'),
  };
}
