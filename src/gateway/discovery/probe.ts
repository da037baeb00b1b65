import type { Clock } from '#contract/clock.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import { credentialOf } from '#gateway/runtime.js';
import type { Connections } from '#gateway/upstream/connections.js';
import type { EngineApi } from '#protocols/protocol.js';

/** Longest list of models that is read, and most models that are shown of it. */
const MAX_BYTES = 1024 * 1024;
const MAX_MODELS = 200;
const MAX_NAME = 128;
/** Lists of models do not say what a model is for; names of embedding models do. */
const EMBEDS = /embed|(?:^|[/_-])(?:bge|gte|e5|all-minilm)(?:[-_:]|$)/i;

export interface FoundModel {
  readonly id: string;
  /** Context window in tokens, where the engine says so. */
  readonly context?: number;
  readonly kind: 'chat' | 'embedding';
}

/** A server that answered with a list of models. */
export interface FoundServer {
  readonly url: string;
  readonly models: readonly FoundModel[];
  /** Who owns them, as it says itself. */
  readonly owner: string | undefined;
  readonly latencyMs: Milliseconds;
  /** It is Weir itself, or another one. */
  readonly weir: boolean;
}

export interface ProbePorts {
  readonly connections: Connections;
  readonly clock: Clock;
}

/**
 * Asks a server which models it serves (`GET /v1/models`), within a time limit.
 *
 * @throws WeirError `upstream.connect`, `upstream.status`, `upstream.malformed` or `upstream.too_large`.
 */
export async function askForModels(
  ports: ProbePorts,
  url: string,
  options: { readonly timeoutMs: Milliseconds; readonly apiKey?: string | undefined; readonly api?: EngineApi },
): Promise<FoundServer> {
  const { clock, connections } = ports;
  const begun = clock.now();
  const base = url.replace(/(?:\/v1)?\/*$/, '');
  const { timeoutMs, apiKey, api = 'openai' } = options;
  const { status, body } = await connections
    .ask(`${base}/v1/models`, timeoutMs, {
      method: 'GET',
      headers: { accept: 'application/json', ...credentialOf({ api, api_key: apiKey }) },
      timeout: timeoutMs,
      bytes: MAX_BYTES,
    })
    .catch((cause: unknown) => {
      if (isWeirError(cause) && cause.code !== 'upstream.connect' && cause.code !== 'upstream.timeout') throw cause;
      throw new WeirError('upstream.connect', `${base} did not answer within ${timeoutMs} ms, or not at all`, {
        hint: 'see that the server runs, and that this machine may reach it',
        cause,
      });
    });
  if (status !== 200) {
    const key = status === 401 || status === 403;
    throw new WeirError('upstream.status', `${base}/v1/models answered with HTTP ${status}`, {
      hint: key ? keyHint(apiKey) : 'a server with OpenAI’s API answers with a list of models there',
    });
  }
  return { url: base, ...listIn(body.toString('utf8'), base), latencyMs: clock.now() - begun };
}

const keyHint = (given: string | undefined): string =>
  given === undefined ? 'the server asks for a key' : 'the server does not take this key';

function listIn(text: string, base: string): Pick<FoundServer, 'models' | 'owner' | 'weir'> {
  try {
    const { data } = JSON.parse(text) as { data: readonly Record<string, unknown>[] };
    const owner = data[0]?.owned_by;
    const models = data.slice(0, MAX_MODELS).flatMap(modelIn);
    return { models, owner: typeof owner === 'string' ? owner : undefined, weir: owner === 'weir' };
  } catch (cause) {
    throw new WeirError('upstream.malformed', `${base}/v1/models is no list of models`, {
      hint: 'is this the base URL of a server with OpenAI’s API?',
      cause,
    });
  }
}

function modelIn(entry: Readonly<Record<string, unknown>>): FoundModel[] {
  const { id } = entry;
  if (typeof id !== 'string' || id === '' || id.length > MAX_NAME) return [];
  const context = [entry.max_model_len, entry.context_length, entry.context_window].find(
    value => typeof value === 'number' && value > 0,
  );
  const kind = EMBEDS.test(id) ? 'embedding' : 'chat';
  return [context === undefined ? { id, kind } : { id, kind, context: context as number }];
}
