import { anthropicMessages } from './anthropic/messages.js';
import { openaiChat } from './openai/chat.js';
import { openaiCompletions } from './openai/completions.js';
import { openaiEmbeddings } from './openai/embeddings.js';
import type { Protocol } from './protocol.js';
import { openaiCompaction } from './responses/compaction.js';
import { openaiResponses } from './responses/responses.js';

/** Every API that clients may speak. */
export const PROTOCOLS: readonly Protocol[] = [
  openaiChat,
  openaiResponses,
  anthropicMessages,
  openaiCompletions,
  openaiEmbeddings,
  openaiCompaction,
];

const BY_PATH: ReadonlyMap<string, Protocol> = new Map(PROTOCOLS.map(protocol => [protocol.enginePath, protocol]));

/** The API that is spoken at a path; `undefined` when it is no path of inference. */
export function protocolAt(path: string): Protocol | undefined {
  return path === openaiChat.enginePath ? openaiChat : BY_PATH.get(path);
}
