import { isWeirError } from '#contract/errors.js';
import type { Bytes, Tokens } from '#contract/units.js';
import type { Runtime } from '#gateway/runtime.js';
import type { KvEventsSettings } from '#pool/kv-events-schema.js';
import type { ReplicaStatus } from '#pool/lease.js';
import type { Asked } from '#pool/placement/asked.js';
import { serves } from '#pool/topology/build.js';
import { Translation } from '#protocols/translation.js';
import type { AttemptOwner } from './attempt.js';

/** Questions open at once; a prompt beyond is placed by the estimate. */
const MOST_OPEN = 64;
/** A million tokens, each as a number of six digits and a comma. */
const MOST_BYTES: Bytes = 8 * 1024 * 1024;
/** What an engine's template makes tokens of; the rest of a request is not sent. */
const READ = [
  ...['messages', 'tools', 'prompt', 'chat_template', 'chat_template_kwargs', 'add_generation_prompt'],
  ...['continue_final_message', 'add_special_tokens', 'documents'],
] as const;

/** What of a request is asked about. */
type Sender = Pick<AttemptOwner, 'runtime' | 'protocol' | 'outbound' | 'route' | 'profile'>;

/**
 * Asks an engine how it would read a prompt: vLLM's `/tokenize`, which applies the model's own chat template. Only with tokens can a prompt be
 * held against what engines tell of their caches.
 */
export class PromptTokens {
  private open = 0;
  readonly counts = { asked: 0, answered: 0, failed: 0, skipped: 0 };

  /** @returns `undefined` at once where nothing is to be asked; otherwise a promise of the tokens, which never fails. */
  of(sender: Sender, asked: Asked): Promise<readonly Tokens[] | undefined> | undefined {
    const { runtime, outbound, profile } = sender;
    if (!runtime.pool.wantsTokens(asked.model)) return undefined;
    const place = this.placeFor(runtime, asked);
    if (place === undefined || asked.promptTokens < place.settings.tokenize.from) return undefined;
    // What pictures and salts add to the names of blocks no tokens tell.
    if (profile.modality !== 'text' || outbound.request.metadata.cache_salt !== undefined) return undefined;
    if (this.open >= MOST_OPEN) {
      this.counts.skipped += 1;
      return undefined;
    }
    return this.ask(sender, place, asked.model);
  }

  private async ask(
    sender: Sender,
    { replica, servedModel, settings }: Place,
    model: string,
  ): Promise<readonly Tokens[] | undefined> {
    const { runtime } = sender;
    const way = runtime.ways.get(replica.pool);
    this.open += 1;
    this.counts.asked += 1;
    try {
      const body = questionOf(sender, replica.pool, servedModel, model);
      if (way === undefined || body === undefined) return undefined;
      const { status, body: said } = await runtime.connections.ask(`${replica.url}/tokenize`, way.connectMs, {
        ...{ method: 'POST', headers: way.headers, body, bytes: MOST_BYTES },
        timeout: settings.tokenize.timeout,
      });
      const tokens = status === 200 ? tokensOf(said) : undefined;
      this.counts[tokens === undefined ? 'failed' : 'answered'] += 1;
      return tokens;
    } catch (error) {
      this.counts.failed += 1;
      if (isWeirError(error) || error instanceof SyntaxError) return undefined;
      throw error;
    } finally {
      this.open -= 1;
    }
  }

  /** One of the engines that tell of their caches, by lot. */
  private placeFor({ pool, config, random }: Runtime, { model, exclude }: Asked): Place | undefined {
    const places = pool.replicas().flatMap((replica): Place[] => {
      const entry = config.pool.pools[replica.pool];
      if (entry?.kv_events === undefined || entry.api !== 'openai' || !serves(entry, model)) return [];
      if (replica.unavailable !== undefined || exclude.includes(replica.id)) return [];
      const own = entry.replicas?.find(one => one.url === replica.url)?.served_as;
      const servedModel = entry.model === model ? (own ?? entry.served_as ?? model) : model;
      return [{ replica, servedModel, settings: entry.kv_events }];
    });
    return places.length === 0 ? undefined : places[random.below(places.length)];
  }
}

interface Place {
  readonly replica: ReplicaStatus;
  readonly servedModel: string;
  readonly settings: KvEventsSettings;
}

/** The body that an engine would be sent, without what does not concern the prompt. @throws WeirError as translating does. */
function questionOf(
  { runtime, protocol, outbound, route }: Sender,
  pool: string,
  servedModel: string,
  model: string,
): Buffer | undefined {
  const way = runtime.ways.get(pool);
  if (way === undefined) return undefined;
  const { id } = outbound.request;
  const body =
    way.api === protocol.api
      ? outbound.bodyFor(servedModel, route.parameters, false)
      : new Translation(
          outbound,
          way.engine,
          { servedModel, defaultMaxTokens: way.maxTokens, streamUsage: false },
          route.parameters,
          { id, model, at: runtime.clock.wall() },
        ).body;
  const whole = JSON.parse(body.toString('utf8')) as Readonly<Record<string, unknown>>;
  const read = READ.flatMap(name => (whole[name] === undefined ? [] : [[name, whole[name]] as const]));
  return Buffer.from(JSON.stringify({ model: servedModel, ...Object.fromEntries(read) }));
}

function tokensOf(body: Buffer): readonly Tokens[] | undefined {
  const said = JSON.parse(body.toString('utf8')) as { readonly tokens?: unknown } | null;
  const tokens = said?.tokens;
  if (!Array.isArray(tokens) || tokens.length === 0) return undefined;
  return tokens.every(token => Number.isSafeInteger(token) && token >= 0) ? (tokens as number[]) : undefined;
}
