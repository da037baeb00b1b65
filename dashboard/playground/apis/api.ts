import { ApiError, errorOf, post, reach } from '../../api/client.js';
import { eventsOf } from '../../event-stream.js';
import { type Preview, previewOf } from '../../story/preview.js';

export interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export interface Question {
  readonly model: string;
  readonly system: string;
  readonly messages: readonly Message[];
  readonly headers: Headers;
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

/** Reads the events of one answer. */
export interface Reader {
  /** @returns whether that was the last one. */
  read(data: string): boolean;
  ending(): Ending;
}

/** One of the APIs that the gateway speaks. */
export interface Api {
  readonly name: string;
  readonly label: string;
  readonly path: string;
  body(question: Question): unknown;
  reader(listener: Listener): Reader;
}

/**
 * Sends a conversation and passes the answer on as it streams in.
 *
 * @throws ApiError when there is no answer or it broke off; an `AbortError` when `signal` ended it.
 */
export async function ask(api: Api, question: Question, signal: AbortSignal, listener: Listener): Promise<Ending> {
  const response = await reach(api.path, { ...post(api.body(question), question.headers), signal });
  listener.head(previewOf(response.headers));
  if (!response.ok || response.body === null) throw await errorOf(response);
  const reader = api.reader(listener);
  let done = false;
  try {
    for await (const { data } of eventsOf(response.body)) if (reader.read(data)) done = true;
  } catch (error) {
    if (signal.aborted || error instanceof ApiError) throw error;
    throw new ApiError('The connection broke off in the middle of the answer.', response.status, undefined);
  }
  if (!done) throw new ApiError('The stream ended without saying that it was done.', response.status, undefined);
  return reader.ending();
}

/** An error that came in the middle of an answer. */
export function midway(error: {
  readonly message?: string;
  readonly code?: string | null;
  readonly type?: string;
}): ApiError {
  return new ApiError(error.message ?? 'No reason was given.', 200, error.code ?? error.type);
}
