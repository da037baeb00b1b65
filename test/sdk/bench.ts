import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { DecisionRecord } from '#contract/record.js';
import { type EngineServer, startEngineServer } from '#engine-server/server.js';
import { type RunningGateway, startGateway } from '../support/running-gateway.js';

/** Models by the API that their engine speaks. */
export const BACKENDS = ['openai', 'anthropic', 'responses'] as const;
export type Backend = (typeof BACKENDS)[number];

/** A gateway in front of one simulated engine of each API, and the official clients pointed at it. */
export interface SdkBench {
  readonly gateway: RunningGateway;
  readonly engines: Readonly<Record<Backend, EngineServer>>;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  /** The same clients with another key. */
  readonly stranger: OpenAI;
  readonly last: { response: Response | undefined };
  /** The record of the last call. */
  record(): Promise<DecisionRecord>;
  close(): Promise<void>;
}

export async function startSdkBench(): Promise<SdkBench> {
  const [openaiEngine, anthropicEngine, responsesEngine] = await Promise.all(
    BACKENDS.map(servedAs =>
      startEngineServer({ model: 'qwen3-8b', gpu: 'h100', servedAs, speed: 5000, answerTokens: 30 }),
    ),
  );
  const engines = { openai: openaiEngine!, anthropic: anthropicEngine!, responses: responsesEngine! };
  const vectors = await startEngineServer({ model: 'qwen3-8b', gpu: 'h100', servedAs: 'vectors', speed: 5000 });
  const pool = (api: Backend): string =>
    `${api}: { model: ${api}, api: ${api}, api_key: sk-engine, health: false, replicas: ["${engines[api].url}"], circuit: { failures: 1000, least_requests: 10000 }, ejection: false }`;
  const gateway = await startGateway(`
router:
  signals: { lottery: { keyword: { any: [lottery] } }, proof: { keyword: { any: [prove] } } }
  decisions:
    - { name: refuse, when: lottery, respond: "No, thank you." }
    - { name: deep, when: proof, models: [anthropic], system_prompt: "Think.", max_tokens: 100 }
    - { name: default, when: otherwise, models: [openai, anthropic, responses], select: static }
pool:
  models:
    ${BACKENDS.map(api => `${api}: { context: 32k }`).join('\n    ')}
    vectors: { kind: embedding, context: 8k }
  pools:
    ${BACKENDS.map(pool).join('\n    ')}
    v: { model: vectors, health: false, replicas: ["${vectors.url}"] }
`);
  const last: SdkBench['last'] = { response: undefined };
  /** Calls by the first name in their path: the API. */
  const calls = new Map<string, number>();
  const counted: typeof fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const api = new URL(url).pathname.split('/')[2] ?? '';
    calls.set(api, (calls.get(api) ?? 0) + 1);
    last.response = await fetch(input, init);
    return last.response;
  };
  const common = { maxRetries: 0, timeout: 60_000, fetch: counted };
  return {
    gateway,
    engines,
    openai: new OpenAI({ ...common, baseURL: `${gateway.url}/v1`, apiKey: 'sk-one' }),
    stranger: new OpenAI({ ...common, baseURL: `${gateway.url}/v1`, apiKey: 'sk-two' }),
    anthropic: new Anthropic({ ...common, baseURL: gateway.url, apiKey: 'sk-one' }),
    last,
    record: () => gateway.recordOf(last.response!),
    async close() {
      const made = [...calls].map(([api, count]) => `${api} ${count}`).join(', ');
      process.stdout.write(`calls of the official clients, on engines of ${BACKENDS.join(', ')}: ${made}\n`);
      await gateway.close();
      await Promise.all([...Object.values(engines), vectors].map(engine => engine.close()));
    },
  };
}

/** A picture of one pixel. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** What a simulated engine's answer begins with. */
export const SIMULATED = /^This is Weir's simulated/;

export async function gathered<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = [];
  for await (const event of stream) events.push(event);
  return events;
}
