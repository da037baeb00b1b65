import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import type { Trace, TraceRequest } from '#workload/traces/trace.js';

/** Requests of one recording at most: what a trace may have is more, but it is kept in memory here. */
const MOST_REQUESTS = 1_000_000;

interface Row {
  readonly at: Milliseconds;
  readonly prompt_tokens: number;
  readonly output_tokens: number;
  readonly session?: string;
  readonly model?: string;
  readonly prefix: { readonly block_tokens: number; readonly hashes: readonly number[] };
}

/**
 * Records what a running gateway answers until `stop` is signalled: arrival, tokens, model, session and block hashes of each request, by its admin API.
 *
 * @param progress told how many requests there are.
 * @throws WeirError `usage.invalid` where the gateway does not answer or refuses.
 */
export async function liveTrace(url: string, stop: AbortSignal, progress: (requests: number) => void): Promise<Trace> {
  const key = process.env.WEIR_ADMIN_KEY ?? '';
  const headers = key === '' ? {} : { authorization: `Bearer ${key}` };
  const requests: TraceRequest[] = [];
  let missed = 0;
  try {
    const response = await fetch(`${url}/api/traffic/live`, { headers, redirect: 'error', signal: stop });
    if (!response.ok || response.body === null) throw await refusalOf(response, url);
    for await (const { name, data } of eventsOf(response.body)) {
      if (name === 'skipped') missed += (data as { count: number }).count;
      if (name !== 'row') continue;
      requests.push(requestOf(data as Row));
      progress(requests.length);
      if (requests.length >= MOST_REQUESTS) break;
    }
  } catch (error) {
    if (!stop.aborted) {
      if (error instanceof WeirError) throw error;
      throw new WeirError('usage.invalid', `${url} does not answer`, {
        hint: 'the URL of a running gateway',
        cause: error,
      });
    }
  }
  // They come as they end; a trace is in the order of arrival.
  requests.sort((a, b) => a.arrivalMs - b.arrivalMs);
  const startedAt = requests[0]?.arrivalMs ?? 0;
  return {
    ...{ format: 'weir', timed: true, startedAt, estimated: 0, problems: [] },
    requests: requests.map(request => ({ ...request, arrivalMs: request.arrivalMs - startedAt })),
    refused: missed,
    refusals: missed === 0 ? [] : [{ reason: 'missed: they came faster than they were read', rows: missed, line: 0 }],
  };
}

function requestOf({ at, prompt_tokens, output_tokens, session, model, prefix }: Row): TraceRequest {
  return {
    ...{ arrivalMs: at, promptTokens: prompt_tokens, outputTokens: output_tokens },
    prefix: { hashes: prefix.hashes, blockTokens: prefix.block_tokens },
    ...(session === undefined ? {} : { session }),
    ...(model === undefined ? {} : { model }),
  };
}

async function refusalOf(response: Response, url: string): Promise<WeirError> {
  const { error } = (await response.json().catch(() => ({}))) as { error?: { message?: string; hint?: string } };
  return new WeirError('usage.invalid', error?.message ?? `${url} answered with status ${response.status}`, {
    hint: error?.hint ?? 'the URL of a Weir gateway; WEIR_ADMIN_KEY holds the key of an admin',
  });
}

/** Server-sent events of a body: name, and data as JSON. */
async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<{ name: string; data: unknown }> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of body) {
    const blocks = (text + decoder.decode(piece, { stream: true })).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const found = /^event: (\w+)\ndata: (.*)$/.exec(block);
      if (found !== null) yield { name: found[1]!, data: JSON.parse(found[2]!) };
    }
  }
}
