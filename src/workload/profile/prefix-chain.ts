import type { ContentPart, InferenceRequest, Message } from '#contract/request.js';
import { toUtf8 } from '#contract/wire-text.js';
import { endsOf, fingerprint, HashChain } from './hash-chain.js';

/** Prompts longer than this many blocks share at most their first part: the chain of a request never grows beyond it. */
export const MAX_BLOCKS = 4096;

/** Of an image, audio or file, this many bytes at either end (and its length) stand for the whole. */
const MEDIA_ENDS = 32_768;

/** What separates the pieces of a prompt: a code no two kinds share, so that moving text between pieces changes the chain. */
const MARK = {
  tool: 1,
  toolDescription: 2,
  toolParameters: 3,
  system: 16,
  user: 17,
  assistant: 18,
  toolRole: 19,
  text: 32,
  thinking: 33,
  toolCall: 34,
  toolArguments: 35,
  toolResult: 36,
  image: 37,
  audio: 38,
  file: 39,
  salt: 48,
} as const;

/**
 * The chain of a whole request, in the order in which engines see it: tools first (chat templates put them into the system part),
 * then every message, role before text. A `cache_salt` in the request's metadata seeds the chain, as it does in vLLM: requests
 * with different salts share nothing. Without one the cache is shared by all callers, as the engine's is.
 */
export function chainOf(request: InferenceRequest, blockBytes: number): number[] {
  const chain = new HashChain(blockBytes, MAX_BLOCKS);
  const salt = request.metadata.cache_salt;
  if (salt !== undefined) {
    chain.mark(MARK.salt);
    chain.markDigest(fingerprint([toUtf8(salt)], MEDIA_ENDS));
  }
  for (const tool of request.tools) {
    if (chain.full) return chain.hashes;
    chain.mark(MARK.tool);
    chain.bytes(toUtf8(tool.name));
    chain.mark(MARK.toolDescription);
    chain.bytes(toUtf8(tool.description));
    chain.mark(MARK.toolParameters);
    chain.bytes(toUtf8(JSON.stringify(tool.parameters) ?? ''));
  }
  for (const message of request.messages) {
    if (chain.full) return chain.hashes;
    addMessage(chain, message);
  }
  return chain.hashes;
}

function addMessage(chain: HashChain, message: Message): void {
  chain.mark(message.role === 'tool' ? MARK.toolRole : MARK[message.role]);
  for (const part of message.content) addPart(chain, part);
}

function addPart(chain: HashChain, part: ContentPart): void {
  switch (part.type) {
    case 'text':
      chain.mark(MARK.text);
      chain.bytes(part.utf8 ?? toUtf8(part.text));
      return;
    case 'thinking':
      chain.mark(MARK.thinking);
      chain.bytes(toUtf8(part.text));
      return;
    case 'tool_call':
      chain.mark(MARK.toolCall);
      chain.bytes(toUtf8(part.name));
      chain.mark(MARK.toolArguments);
      chain.bytes(toUtf8(part.arguments));
      return;
    case 'tool_result':
      chain.mark(MARK.toolResult);
      chain.bytes(toUtf8(part.text));
      return;
    default:
      chain.mark(MARK[part.type]);
      chain.markDigest(fingerprint([endsOf(part.source, MEDIA_ENDS)], MEDIA_ENDS + 64));
  }
}
