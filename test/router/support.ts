import type { PoolView, Quote } from '#contract/pool-view.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { ContentPart, InferenceRequest, Message } from '#contract/request.js';
import type { Board, SignalReading, SignalValue } from '#contract/signal.js';
import type { ModelFacts } from '#router/model-facts.js';
import { type RouterConfig, routerSchema } from '#router/schema.js';

export function message(role: Message['role'], ...content: (string | ContentPart)[]): Message {
  return { role, content: content.map(part => (typeof part === 'string' ? { type: 'text', text: part } : part)) };
}

export function request(given: string | Partial<InferenceRequest> = {}): InferenceRequest {
  const rest = typeof given === 'string' ? { messages: [message('user', given)] } : given;
  return {
    id: 'r1',
    arrivedAt: 0,
    model: 'auto',
    messages: [message('user', 'hello')],
    tools: [],
    sampling: { n: 1, structured: false },
    stream: false,
    caller: { address: '127.0.0.1', headers: {} },
    metadata: {},
    promptBytes: 5,
    ...rest,
  };
}

export function profile(given: { promptTokens?: number; p50?: number; turn?: number } = {}): WorkloadProfile {
  const { promptTokens = 100, p50 = 50, turn = 1 } = given;
  return {
    archetype: 'chat',
    turn,
    warmth: 'cold',
    heaviness: 'balanced',
    modality: 'text',
    session: 's',
    application: '',
    promptTokens: () => promptTokens,
    outputTokens: { p50, p75: p50 * 2 },
    prefix: () => ({ hashes: [], blockTokens: 16 }),
  };
}

export function facts(name: string, given: Partial<ModelFacts> = {}): ModelFacts {
  return { name, contextTokens: 32_768, price: { prompt: 1, completion: 2, cached: 0.5 }, ...given };
}

export function quote(model: string, given: Partial<Quote> = {}): Quote {
  return {
    model,
    feasible: true,
    ttftMs: undefined,
    tpotMs: undefined,
    prefixHitTokens: 0,
    price: { prompt: 1, completion: 2, cached: 0.5 },
    joules: undefined,
    load: 0,
    ...given,
  };
}

export function poolOf(quotes: Readonly<Record<string, Partial<Quote>>> = {}): PoolView {
  return { quote: model => quote(model, quotes[model]), read: () => undefined };
}

/** The block as it comes out of a file, defaults filled in. */
export function configured(block: unknown): RouterConfig {
  return routerSchema.parse(block);
}

/** A board of given values that counts its reads. `undefined` stands for a signal that has to be computed first. */
export class GivenBoard implements Board {
  readonly request = request();
  readonly profile = profile();
  readonly reads: string[] = [];
  readonly computed: string[][] = [];
  private readonly seen = new Map<string, SignalReading>();

  constructor(
    private readonly now: Readonly<Record<string, SignalValue>>,
    private readonly later: Readonly<Record<string, SignalValue>> = {},
  ) {}

  read(name: string): SignalValue | undefined {
    const value = this.now[name] ?? this.seen.get(name);
    if (value === undefined && !(name in this.later)) throw new Error(`no value for ${name}`);
    if (value !== undefined && !this.reads.includes(name)) this.reads.push(name);
    return value;
  }

  compute(names: readonly string[]): Promise<void> {
    this.computed.push([...names]);
    for (const name of names) {
      const value = this.later[name];
      if (value !== undefined) this.seen.set(name, { name, type: 'given', ms: 0, ...value });
    }
    return Promise.resolve();
  }

  readings(): readonly SignalReading[] {
    return [...this.seen.values()];
  }
}

export const TRUE: SignalValue = { state: 'true', score: 1 };
export const FALSE: SignalValue = { state: 'false', score: 0 };
export const UNKNOWN: SignalValue = { state: 'unknown', score: 0 };
