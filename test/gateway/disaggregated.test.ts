import { afterEach, describe, expect, test } from 'vitest';
import { type EngineProcess, startEngineProcess } from '../support/engine-process.js';
import { metricOf, type RunningGateway, startGateway } from '../support/running-gateway.js';

const PROMPT = `${'Water waits behind the weir until a gate lifts. '.repeat(330)}What then?`;
const ENGINE = ['--model', 'llama-3.1-8b', '--gpu', 'h100', '--served-as', 'm', '--speed', '20', '--answer', '20'];

let engines: EngineProcess[] = [];
let gateway: RunningGateway | undefined;

afterEach(async () => {
  await gateway?.close();
  await Promise.all(engines.map(engine => engine.kill()));
  engines = [];
  gateway = undefined;
});

/** A gateway before one engine that answers and one that computes prompts. */
async function start(link: number, more: { readonly via?: string; readonly decode?: readonly string[] } = {}) {
  const kv = ['--kv-link', String(link)];
  const [fill, say] = await Promise.all([
    startEngineProcess(...ENGINE, ...kv, '--role', 'prefill'),
    startEngineProcess(...ENGINE, ...kv, '--role', 'decode', ...(more.decode ?? [])),
  ]);
  engines = [fill, say];
  gateway = await startGateway(`
pool:
  models: { m: {} }
  pools:
    say: { model: m, replicas: [{ url: "${say.url}", id: s }], prefill: { pool: fill, via: ${more.via ?? 'vllm'} } }
    fill: { model: m, replicas: [{ url: "${fill.url}", id: f }], health: false }
router:
  decisions: [{ name: all, when: otherwise, models: [m] }]
`);
  return { gateway, fill, say };
}

const ask = (stream = false) => gateway!.chat({ model: 'auto', messages: [{ role: 'user', content: PROMPT }], stream });

/** Resolves when the prefill engine has computed a prompt: its KV is then on its way. */
async function promptDone({ url }: EngineProcess): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${url}/metrics`)).text();
    if (/^vllm:request_success_total\{[^}]*\} [1-9]/m.test(text)) return;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

describe('disaggregated serving over HTTP', () => {
  test('the prompt is computed on one engine, the answer begins on the other from its KV, and the record tells it', async () => {
    const { gateway } = await start(25);
    const response = await ask();
    const { usage } = (await response.json()) as {
      usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } };
    };
    expect(response.headers.get('x-weir-replica')).toBe('say/s');
    // All but the last token, which has to be computed to get the first of the answer.
    expect(usage.prompt_tokens_details.cached_tokens).toBe(usage.prompt_tokens - 1);
    const record = await gateway.recordOf(response);
    expect(record.placement?.prefill).toMatchObject({ pool: 'fill', replica: 'fill/f' });
    expect(record.attempts).toMatchObject([
      { status: 'answered', replica: 'say/s', prefill: { replica: 'fill/f', status: 'used' } },
    ]);
    expect(await metricOf(gateway.metrics, 'weir_prefills_total', { status: 'used' })).toBe(1);

    // The same prompt again is in the cache of the engine that answers: nobody else is asked.
    const again = await gateway.recordOf(await ask());
    expect(again.attempts[0]?.prefill).toBeUndefined();
    expect(again.placement?.prefill?.replica).toBeUndefined();
  });

  test('a short prompt goes to one engine only', async () => {
    const { gateway } = await start(25);
    const record = await gateway.recordOf(await gateway.chat({ model: 'auto' }));
    expect(record.attempts[0]?.prefill).toBeUndefined();
    expect(record.placement?.prefill?.reason).toContain('fewer than 256');
  });

  test.each([
    ['whole', false],
    ['streamed', true],
  ])('with the prefill engine killed in the middle of the transfer, the answer comes %s', async (_, stream) => {
    // About 4,000 tokens of 131 kB each, at 20 times the pace: more than 20 s, of which the death spares all but the beginning.
    const { gateway, fill } = await start(0.001);
    const asked = ask(stream);
    await promptDone(fill);
    await new Promise(resolve => setTimeout(resolve, 200));
    await fill.kill();
    const response = await asked;
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain(stream ? '" model"' : 'no model ran');
    if (stream) expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
    const record = await gateway.recordOf(response);
    expect(record.attempts).toMatchObject([{ status: 'answered', replica: 'say/s', prefill: { status: 'lost' } }]);
  });

  test('an engine that recomputes what did not arrive needs no second call', async () => {
    const { gateway, fill } = await start(0.01, { decode: ['--kv-load-failure', 'recompute'] });
    const asked = ask();
    await promptDone(fill);
    await fill.kill();
    const record = await gateway.recordOf(await asked);
    expect(record.attempts).toMatchObject([{ status: 'answered', prefill: { status: 'used' } }]);
  });

  test('with the prefill engine gone from the start, the other computes the prompt', async () => {
    const { gateway, fill } = await start(25);
    await fill.kill();
    const response = await ask();
    expect(response.status).toBe(200);
    const record = await gateway.recordOf(response);
    expect(record.attempts).toMatchObject([
      { status: 'answered', prefill: { status: 'failed', error: 'upstream.connect' } },
    ]);
  });

  test("the header of llm-d's sidecar does the same with one call", async () => {
    const { gateway } = await start(25, { via: 'llm_d' });
    const response = await ask();
    const { usage } = (await response.json()) as {
      usage: { prompt_tokens: number; prompt_tokens_details: { cached_tokens: number } };
    };
    expect(usage.prompt_tokens_details.cached_tokens).toBe(usage.prompt_tokens - 1);
    const record = await gateway.recordOf(response);
    expect(record.attempts).toMatchObject([{ status: 'answered', prefill: { status: 'used' } }]);
    expect(gateway.gateway.runtime.pool.read('fill.in_flight')).toBe(0);
  });
});
