import type { Random } from '#contract/random.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { Trace, TraceRequest } from '#workload/traces/trace.js';

/** Tokens in a block of the prompts that are made up. */
export const BLOCK_TOKENS: Tokens = 64;

export interface ConversationOptions {
  /** Share of requests that go on with a conversation where there is one to go on with: ½ unless said. */
  readonly continuing?: number;
  /** Longest pause after the turn before: 10 min unless said. */
  readonly pauseMs?: Milliseconds;
  /** Longest new message: 1,024 tokens unless said. */
  readonly messageTokens?: Tokens;
}

interface Open {
  readonly session: string;
  /** Blocks of its last prompt that were full: a block that ends with the prompt is another one in the next. */
  readonly hashes: readonly number[];
  /** Prompt and answer of its last turn: what its next prompt begins with. */
  readonly tokens: Tokens;
  readonly at: Milliseconds;
}

/**
 * Gives a trace that has only times and lengths prompts that share beginnings. A request goes on, with a chance, with the open
 * conversation whose prompt and answer so far come closest below its own prompt; the rest of it is new. Times and lengths stay as
 * measured, **who continues whom is made up**: good for tuning on, no evidence of how much real traffic shares.
 */
export function inferConversations(trace: Trace, random: Random, options: ConversationOptions = {}): Trace {
  const { continuing = 0.5, pauseMs = 600_000, messageTokens = 1024 } = options;
  const open = new Map<number, Open[]>();
  let block = 1;
  let count = 0;
  const requests = trace.requests.map((request): TraceRequest => {
    const { arrivalMs, promptTokens, outputTokens } = request;
    const before =
      random.next() < continuing ? take(open, promptTokens, messageTokens, arrivalMs - pauseMs) : undefined;
    const hashes = before === undefined ? [] : [...before.hashes];
    while (hashes.length < Math.ceil(promptTokens / BLOCK_TOKENS)) hashes.push(block++);
    const session = before?.session ?? `c${count++}`;
    // The answer becomes part of the next prompt, whose blocks nobody has computed as a prompt before: they are new there.
    const tokens = promptTokens + outputTokens;
    const shelf = Math.floor(tokens / BLOCK_TOKENS);
    const peers = open.get(shelf);
    const full = hashes.slice(0, Math.floor(promptTokens / BLOCK_TOKENS));
    const entry = { session, hashes: full, tokens, at: arrivalMs };
    if (peers === undefined) open.set(shelf, [entry]);
    else peers.push(entry);
    return { ...request, prefix: { hashes, blockTokens: BLOCK_TOKENS }, session };
  });
  return { ...trace, requests };
}

function take(
  open: Map<number, Open[]>,
  promptTokens: Tokens,
  messageTokens: Tokens,
  since: Milliseconds,
): Open | undefined {
  const last = Math.floor(Math.max(0, promptTokens - messageTokens) / BLOCK_TOKENS);
  for (let shelf = Math.floor((promptTokens - 1) / BLOCK_TOKENS); shelf >= last; shelf--) {
    const peers = open.get(shelf);
    while (peers !== undefined && peers.length > 0 && peers[0]!.at < since) peers.shift();
    const at = peers?.findIndex(({ tokens }) => tokens < promptTokens) ?? -1;
    if (peers !== undefined && at >= 0) return peers.splice(at, 1)[0];
  }
  return undefined;
}
