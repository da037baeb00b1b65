import { randomBytes } from 'node:crypto';
import type { Config } from '#config/load.js';
import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { LearnedModels } from '#contract/learned.js';
import type { PersonalDataFinder } from '#contract/personal-data.js';
import type { Random } from '#contract/random.js';
import type { Stage } from '#contract/stage.js';
import type { RecordStore, ResponseStore } from '#contract/stores.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { Identity } from '#identity/identity.js';
import type { TextVectors } from '#models/grounding/features.js';
import type { ModelHost } from '#models/model-host.js';
import { openStaticEmbedding } from '#models/static/static-embedding.js';
import type { ReplicaTarget } from '#pool/lease.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import { createPool, type LivePool } from '#pool/pool.js';
import { expectedEnergy } from '#pool/topology/expected-energy.js';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import type { EngineApi, Protocol } from '#protocols/protocol.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { type ModelFacts, modelFactsOf } from '#router/model-facts.js';
import { createRouter, type Router } from '#router/router.js';
import type { AccessLog } from '#telemetry/access-log.js';
import type { Logger } from '#telemetry/log.js';
import type { Metrics } from '#telemetry/metrics.js';
import type { Tracer } from '#telemetry/tracing.js';
import type { TrafficLog } from '#telemetry/traffic/traffic.js';
import { createProfiler, type Profiler } from '#workload/profile/profiler.js';
import { type HeadRules, headRules } from './caller.js';
import { HeldRoom } from './exchange/held-room.js';
import { PromptTokens } from './exchange/prompt-tokens.js';
import { groundingStage } from './grounding/grounding-stage.js';
import type { Peers } from './peers.js';
import { personalDataOf } from './privacy/personal-data.js';
import { privacyStage } from './privacy/privacy-stage.js';
import { Vault } from './privacy/vault.js';
import type { Connections } from './upstream/connections.js';
import type { Watchdog } from './upstream/watchdog.js';

/** What outlives every configuration: handed from runtime to runtime. */
export interface RuntimePorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly connections: Connections;
  readonly watchdog: Watchdog;
  readonly records: RecordStore;
  /** What the Responses API remembers for its clients. */
  readonly responses: ResponseStore;
  /** What happened over the last days. */
  readonly traffic: TrafficLog;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Absent where callers are asked for no credential. */
  readonly identity?: Identity | undefined;
  readonly accessLog: AccessLog;
  /** The small local models of the process; absent where learned signals are to be unknown. */
  readonly localModels?: ModelHost | undefined;
  /** Only where traces or metrics are exported. */
  readonly tracer: Tracer | undefined;
  /** Only where several processes serve together. */
  readonly peers: Peers | undefined;
}

/** How a pool's replicas are spoken to. */
export interface Way {
  /** Requests in this API go to the replicas as they came. */
  readonly api: EngineApi;
  /** How the replicas are spoken to for requests in another API. */
  readonly engine: Protocol;
  /** Longest answer where the replicas' API demands a limit and the client named none. */
  readonly maxTokens: Tokens;
  readonly headers: Record<string, string>;
  readonly connectMs: Milliseconds;
  readonly firstByteMs: Milliseconds;
  readonly stallMs: Milliseconds;
  readonly streamUsage: boolean;
}

/**
 * One configuration, at work: the three parts built from it and the ports they need. Immutable: a reload makes a new one, and
 * requests in flight keep the one they began with.
 */
export interface Runtime extends RuntimePorts {
  readonly config: Config;
  readonly router: Router;
  /** The local models as this configuration wants them. */
  readonly learned: LearnedModels | undefined;
  readonly pool: LivePool;
  /** Asks engines what the tokens of prompts are. */
  readonly promptTokens: PromptTokens;
  /** Finds personal data; what it remembers outlives configurations. */
  readonly personal: PersonalDataFinder;
  /** Room for answers that wait until they are whole; one for all configurations. */
  readonly heldRoom: HeldRoom;
  /** Values behind placeholders. */
  readonly vault: Vault;
  readonly profiler: Profiler;
  readonly stages: readonly Stage[];
  readonly models: ReadonlyMap<string, ModelFacts>;
  /** Names of the models that embed and do not chat. */
  readonly embedding: ReadonlySet<string>;
  readonly ways: Map<string, Way>;
  /** How the heads of requests are read. */
  readonly heads: HeadRules;
  wayTo(target: ReplicaTarget): Way;
}

/**
 * Builds the parts of a configuration. State that is still true is taken over from the runtime before: replicas that stay keep
 * their health, load and prefix index, and token estimates keep what they have learnt.
 */
export function createRuntime(config: Config, ports: RuntimePorts, previous?: Runtime): Runtime {
  const { clock } = ports;
  const models = modelFacts(config);
  // Shared by all runtimes: a request that began before a reload may still be placed on a pool that came with it.
  const ways = previous?.ways ?? new Map<string, Way>();
  for (const [name, way] of waysOf(config)) ways.set(name, way);
  const learned = ports.localModels?.configure(config.router.learned, config.router);
  const personal = personalDataOf(config.router, learned, clock, previous?.personal);
  const vault = vaultOf(config, clock, previous);
  const { held } = config.gateway.limits;
  const heldRoom = previous?.heldRoom ?? new HeldRoom(held);
  heldRoom.most = held;
  // Asked only once a request is decided on, when the pool has been built.
  const state: { pool?: LivePool } = {};
  const router = createRouter(config.router, {
    clock,
    personal,
    models: [...models.values()],
    ...(learned !== undefined && { learned }),
    pool: { read: name => state.pool?.read(name) },
  });
  const pool = poolOf(config, ports, previous);
  state.pool = pool;
  return {
    ...ports,
    config,
    models,
    embedding: new Set(Object.keys(config.pool.models).filter(name => config.pool.models[name]?.kind === 'embedding')),
    router,
    learned,
    personal,
    vault,
    heldRoom,
    stages: stagesOf(config, router, personal, vault, () => ports.localModels?.fast?.table ?? ownTable()),
    pool,
    promptTokens: previous?.promptTokens ?? new PromptTokens(),
    ways,
    heads: headRules(config.gateway),
    profiler: profilerOf(config, previous),
    wayTo(target) {
      const way = ways.get(target.pool);
      if (way === undefined) throw new WeirError('internal.defect', `No way is known to the pool ${target.pool}`);
      return way;
    },
  };
}

/** What was learnt of requests and answers stays true whatever else changes; only estimates of tokens begin with what the file says. */
function profilerOf({ workload }: Config, previous: Runtime | undefined): Profiler {
  const { session_headers: sessionHeaders, tokens } = workload;
  const options = { sessionHeaders, charsPerToken: tokens.chars_per_token };
  if (previous === undefined) return createProfiler(options);
  const { profiler, config: before } = previous;
  const sameRatio = before.workload.tokens.chars_per_token === tokens.chars_per_token;
  return createProfiler(options, { lengths: profiler.lengths, ...(sameRatio && { tokens: profiler.tokens }) });
}

/** The table of word vectors, for a gateway without local models. */
let table: TextVectors | undefined;

function ownTable(): TextVectors {
  table ??= openStaticEmbedding();
  return table;
}

/** The router's stages, and behind them those that change what models are sent and what they answer. */
function stagesOf(
  { router: config }: Config,
  router: Router,
  personal: PersonalDataFinder,
  vault: Vault,
  vectors: () => TextVectors,
): readonly Stage[] {
  // Grounding reads what clients will: it stands behind what puts values back.
  const more = [privacyStage(config, personal, vault), groundingStage(config, vectors)];
  return [...router.stages, ...more.filter(stage => stage !== undefined)];
}

/** Conversations go on with their placeholders unless what is said of them has changed. */
function vaultOf(config: Config, clock: Clock, previous: Runtime | undefined): Vault {
  const { salt, sessions, values, ttl } = config.router.privacy;
  if (previous !== undefined) {
    const before = previous.config.router.privacy;
    const same = before.salt === salt && before.sessions === sessions && before.values === values && before.ttl === ttl;
    if (same) return previous.vault;
  }
  return new Vault(salt ?? randomBytes(32), { sessions, values, ttlMs: ttl }, clock);
}

function poolOf(config: Config, { clock, random, log }: RuntimePorts, previous: Runtime | undefined): LivePool {
  if (previous === undefined) {
    return createPool(config.pool, {
      clock,
      random: random.fork('pool'),
      placer: (kind, draws) => createPlacer(kind, { random: draws }),
      energy: expectedEnergy,
      rebalanced: news => {
        if (news.kind === 'change') log.info('pools follow the lengths of requests', { ...news.change });
        else log.info('a replica changes pools', { ...news.move });
      },
    });
  }
  previous.pool.reconfigure(config.pool);
  return previous.pool;
}

/** What the router knows of each model, by name. */
export function modelFacts(config: Config): Map<string, ModelFacts> {
  return modelFactsOf(config.pool.models);
}

function waysOf(config: Config): Map<string, Way> {
  return new Map(
    Object.entries(config.pool.pools).map(([name, pool]) => [
      name,
      {
        api: pool.api,
        engine: ENGINES[pool.api],
        maxTokens: pool.max_tokens,
        headers: { 'content-type': 'application/json', ...headersOf(pool) },
        connectMs: pool.timeouts.connect,
        firstByteMs: pool.timeouts.first_byte,
        stallMs: pool.timeouts.stall,
        streamUsage: pool.stream_usage,
      },
    ]),
  );
}

/** The credential and the configured headers of a pool, as its replicas are sent them. */
export function headersOf(pool: Config['pool']['pools'][string]): Record<string, string> {
  return { ...credentialOf(pool), ...pool.headers };
}

/** The credential alone, and what the API wants beside it. */
export function credentialOf({
  api,
  api_key: key,
}: Pick<Config['pool']['pools'][string], 'api' | 'api_key'>): Record<string, string> {
  if (api !== 'anthropic') return key === undefined ? {} : { authorization: `Bearer ${key}` };
  return { 'anthropic-version': ANTHROPIC_VERSION, ...(key === undefined ? undefined : { 'x-api-key': key }) };
}

/** The one version of its API that Anthropic has, for clients that do not name theirs. */
const ANTHROPIC_VERSION = '2023-06-01';

const ENGINES: Readonly<Record<EngineApi, Protocol>> = {
  openai: openaiChat,
  anthropic: anthropicMessages,
  responses: openaiResponses,
};
