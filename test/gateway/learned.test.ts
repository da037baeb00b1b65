import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addModelMetrics } from '#gateway/gateway-metrics.js';
import { machineClock } from '#gateway/machine-clock.js';
import { ModelHost } from '#models/model-host.js';
import { weir } from '../cli/run.js';
import { startMockUpstream } from '../support/mock-upstream.js';
import { metricOf, type RunningGateway, startGateway } from '../support/running-gateway.js';
import { ask } from './admin/support.js';

const cache = mkdtempSync(join(tmpdir(), 'weir-learned-'));
const host = new ModelHost(machineClock);
const handbook = join(cache, 'handbook.md');
writeFileSync(
  handbook,
  '# Returns\nYou may send shoes back within 45 days of delivery. Print the return slip and put it in the box.\n# Opening hours\nThe shop in Harbour Street is open from nine to six. On Sundays it is closed.\n',
);
let upstream: Awaited<ReturnType<typeof startMockUpstream>>;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await startMockUpstream();
  gateway = await startGateway(
    `
router:
  learned: { cache: ${cache}, patience: 20s }
  signal_deadline: 20s
  routes:
    refund: [I want my money back, please refund my order]
    outage: [the website is down, your service is not working]
  knowledge: { handbook: { files: [${handbook}] } }
  preferences:
    travel: { description: planning trips and holidays }
    cooking: { description: recipes and how to cook meals }
  signals:
    law: { domain: law }
    refund: { route: refund }
    answered: { knowledge: { any: [handbook], when_busy: wait } }
  decisions:
    - { name: counsel, when: law, models: [m] }
    - { name: money, when: refund, models: [m] }
    - { name: desk, when: answered, models: [m] }
    - { name: rest, when: otherwise, models: [m] }
pool:
  models: { m: {} }
  pools: { p: { model: m, health: false, replicas: ["${upstream.url}"] } }
`,
    {},
    { localModels: host },
  );
  addModelMetrics(gateway.metrics, () => host.status());
}, 60_000);

afterAll(async () => {
  await gateway.close();
  await host.close();
  await upstream.close();
  rmSync(cache, { recursive: true, force: true });
});

describe('learned signals in a gateway', { timeout: 60_000 }, () => {
  test.each([
    ['Can my landlord evict me without notice? Is the contract legally binding in court?', 'counsel', 'law'],
    ['please give me a refund for my last order', 'money', 'refund'],
    ['at what hours is the shop in Harbour Street open?', 'desk', 'answered'],
    ['What is a good recipe for banana bread?', 'rest', 'law'],
  ])('%s leads to %s, and the record says what by', async (content, decision, signal) => {
    const response = await gateway.chat({ model: 'auto', messages: [{ role: 'user', content }] });
    expect(response.status).toBe(200);
    const record = await gateway.recordOf(response);
    expect(record.decision).toBe(decision);
    const reading = record.signals.find(({ name }) => name === signal);
    expect(['fast', 'model']).toContain(reading?.tier);
    expect(reading?.state).toBe(decision === 'rest' ? 'false' : 'true');
  });

  test('are counted by what they are by, and the model by what it did', async () => {
    expect(
      await metricOf(gateway.metrics, 'weir_signal_tiers_total', { signal: 'refund', tier: 'model' }),
    ).toBeGreaterThan(0);
    expect(await metricOf(gateway.metrics, 'weir_model_ready')).toBe(1);
    expect(await metricOf(gateway.metrics, 'weir_model_texts_total')).toBeGreaterThan(2);
  });

  test('/api/classify says label, probabilities, tier and the nearest example', async () => {
    const { status, body } = await ask(gateway.url, 'POST', '/api/classify', {
      body: { kind: 'routes', texts: ['I want a refund of my money', 'how tall is a giraffe?'] },
    });
    expect(status).toBe(200);
    expect(body.results[0]).toMatchObject({ label: 'refund', tier: 'model', evidence: { label: 'refund' } });
    expect(body.results[1]).toMatchObject({ label: null });
    const domain = await ask(gateway.url, 'POST', '/api/classify', {
      body: { kind: 'domain', texts: ['Prove that the square root of 2 is irrational.'] },
    });
    expect(domain.body.results[0].label).toBe('math');
    expect(Object.keys(domain.body.results[0].scores)).toHaveLength(14);
    const wanted = await ask(gateway.url, 'POST', '/api/classify', {
      body: { kind: 'modality', texts: ['We need a logo for our rowing club', 'Why is the sky blue?'] },
    });
    expect(wanted.body.results).toMatchObject([{ label: 'image' }, { label: 'text' }]);
    expect(Object.keys(wanted.body.results[0].scores).sort()).toEqual(['audio', 'image', 'text', 'video']);
    expect((await ask(gateway.url, 'POST', '/api/classify', { body: { kind: 'none', texts: ['a'] } })).status).toBe(
      400,
    );
  });

  test('preferences: /api/classify and weir classify say which, by the description that is nearest', async () => {
    const text = 'help me plan a holiday trip to Italy';
    const told = {
      label: 'travel',
      tier: 'model',
      scores: { travel: expect.any(Number), cooking: expect.any(Number) },
      evidence: { label: 'travel', text: 'travel: planning trips and holidays' },
    };
    const { body } = await ask(gateway.url, 'POST', '/api/classify', {
      body: { kind: 'preferences', texts: [text, 'what is the boiling point of mercury?'] },
    });
    expect(body.results).toMatchObject([told, { label: null }]);
    const file = join(cache, 'preferences.yaml');
    const config = (preferences: string) =>
      `router: { learned: { cache: ${cache} }, preferences: ${preferences} }\npool:\n  models: { m: {} }\n  pools: { p: { model: m, replicas: ["http://127.0.0.1:9"] } }\n`;
    writeFileSync(
      file,
      config(
        '{ travel: { description: planning trips and holidays }, cooking: { description: recipes and how to cook meals } }',
      ),
    );
    const classified = await weir('classify', '-c', file, '--kind', 'preferences', text);
    expect(JSON.parse(classified.stdout)).toMatchObject(told);
    writeFileSync(file, config('{}'));
    const none = await weir('classify', '-c', file, '--kind', 'preferences', text);
    expect(JSON.parse(none.stdout)).toMatchObject({
      label: null,
      reason: expect.stringContaining('router.preferences'),
    });
  });

  test('knowledge: /api/classify and weir classify say which base holds it, by the chunk that is nearest', async () => {
    const text = 'within how many days may I send shoes back?';
    const told = {
      label: 'handbook',
      tier: 'model',
      scores: { handbook: expect.any(Number) },
      evidence: { label: 'handbook', text: expect.stringContaining('Returns: You may send shoes back') },
    };
    const classify = async () =>
      (
        await ask(gateway.url, 'POST', '/api/classify', {
          body: { kind: 'knowledge', texts: [text, 'what is the boiling point of mercury?'] },
        })
      ).body.results;
    await expect.poll(async () => (await classify())[0].loading, { timeout: 50_000 }).toBeUndefined();
    expect(await classify()).toMatchObject([told, { label: null }]);
    const file = join(cache, 'knowledge.yaml');
    const config = (files: string) =>
      `router: { learned: { cache: ${cache} }, knowledge: { handbook: { files: [${files}] } } }\npool:\n  models: { m: {} }\n  pools: { p: { model: m, replicas: ["http://127.0.0.1:9"] } }\n`;
    writeFileSync(file, config(handbook));
    const classified = await weir('classify', '-c', file, '--kind', 'knowledge', text);
    expect(JSON.parse(classified.stdout)).toMatchObject(told);
    writeFileSync(file, config(join(cache, 'nowhere')));
    const missing = await weir('classify', '-c', file, '--kind', 'knowledge', text);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('nowhere cannot be read')]);
  });

  test('/api/classify tells places: personal data, and what a context does not bear out', async () => {
    const classify = (body: object) => ask(gateway.url, 'POST', '/api/classify', { body });
    const { body } = await classify({ kind: 'pii', texts: ['Write to anna@example.org', 'nothing here'] });
    expect(body.results[0]).toMatchObject({
      label: 'email',
      score: 1,
      scores: { email: 1 },
      spans: [{ type: 'email', start: 9, end: 25, text: 'anna@example.org' }],
      tier: 'fast',
      ms: expect.any(Number),
    });
    expect(body.results[1]).toMatchObject({ label: null, score: 0, scores: {}, spans: [] });
    const context = 'The bridge over the Oresund was opened in July 2000. It joins Malmo and Copenhagen.';
    const held = { kind: 'grounding', context, question: 'When was it opened?' };
    const grounding = await classify({ ...held, texts: ['In July 2000.', 'Queen Victoria opened it in 1871.'] });
    expect(grounding.body.results.map(({ label }: { label: string }) => label)).toEqual(['grounded', 'ungrounded']);
    const [, wrong] = grounding.body.results;
    expect(wrong.scores.ungrounded).toBeGreaterThan(wrong.scores.grounded);
    expect(wrong.spans).toContainEqual(expect.objectContaining({ type: 'word', text: '1871' }));
    const long = await classify({ kind: 'pii', texts: Array.from({ length: 5 }, () => 'a '.repeat(30_000)) });
    expect([long.status, long.body.error.param]).toEqual([400, 'texts']);
    const without = await classify({ kind: 'grounding', texts: ['In July 2000.'] });
    expect([without.status, without.body.error.param]).toEqual([400, 'context']);
  });

  test('/api/classify tells the language, and where a text is too short why not', async () => {
    const texts = ['Bonjour tout le monde, comment allez-vous ?', 'ok'];
    const { body } = await ask(gateway.url, 'POST', '/api/classify', { body: { kind: 'language', texts } });
    expect(body.results).toMatchObject([{ label: 'fr' }, { label: null }]);
    expect(body.results[0].scores).toEqual({ fr: body.results[0].score });
    expect(body.results[1].reason).toContain('too short');
  });

  test('/api/embeddings and /api/similarity agree', async () => {
    const texts = ['How do I reset my password?', 'I forgot my login', 'Two cups of flour'];
    const { body } = await ask(gateway.url, 'POST', '/api/embeddings', { body: { texts } });
    expect(body).toMatchObject({ embedder: 'all-MiniLM-L6-v2', dimension: 384 });
    const [a, b] = body.vectors as [number[], number[]];
    const cosine = a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const similar = await ask(gateway.url, 'POST', '/api/similarity', {
      body: { text: texts[0], candidates: texts.slice(1).reverse() },
    });
    expect(similar.body.matches[0]).toMatchObject({ index: 1, text: texts[1] });
    expect(similar.body.matches[0].similarity).toBeCloseTo(cosine, 3);
  });

  test.each([
    ['/api/embeddings', { embedder: 'nobody' }, 'embedder'],
    ['/api/embeddings', { embedder: 'constructor' }, 'embedder'],
    ['/api/classify', { kind: 'classifier', classifier: 'constructor' }, 'classifier'],
    ['/api/classify', { kind: 'classifier' }, 'classifier'],
  ])('%s: a model that nobody defined is a mistake of who asks (%o)', async (path, what, param) => {
    const { status, body } = await ask(gateway.url, 'POST', path, { body: { texts: ['hello'], ...what } });
    expect([status, body.error]).toEqual([400, expect.objectContaining({ code: 'request.invalid', param })]);
  });

  test('routes that nobody wrote down are a mistake of the file', async () => {
    const file = join(cache, 'wrong.yaml');
    writeFileSync(
      file,
      'router:\n  routes: { refund: [money back] }\n  signals: { r: { route: refnud } }\npool:\n  models: { m: {} }\n  pools: { p: { model: m, replicas: ["http://127.0.0.1:9"] } }\n',
    );
    const { code, stderr, stdout } = await weir('check', '-c', file);
    expect(code).toBe(1);
    expect(stderr + stdout).toContain('did you mean "refund"');
  });

  test('weir train head writes a head with its card, which takes the place of the one that comes with Weir', async () => {
    const config = (heads: string) =>
      `router: { learned: { cache: ${cache}, heads: { ${heads} } } }\npool:\n  models: { m: {} }\n  pools: { p: { model: m, replicas: ["http://127.0.0.1:9"] } }\n`;
    const plain = join(cache, 'plain.yaml');
    writeFileSync(plain, config(''));
    const drinks = ['tea', 'coffee', 'milk', 'juice', 'cocoa', 'water'];
    const tools = ['hammer', 'saw', 'drill', 'wrench', 'chisel', 'file'];
    const rows = [
      ...drinks
        .flatMap(drink => [`a cup of ${drink}`, `pour the ${drink}`, `I like to drink ${drink} in the morning`])
        .map(text => ({ text, label: 'drink' })),
      ...tools
        .flatMap(tool => [`the ${tool} in the tool box`, `buy a new ${tool}`, `repair it with a ${tool}`])
        .map(text => ({ text, label: 'tool' })),
    ];
    const input = join(cache, 'head-rows.jsonl');
    writeFileSync(input, rows.map(row => JSON.stringify(row)).join('\n'));
    const output = join(cache, 'own-head.json');
    const trained = await weir(
      'train',
      'head',
      '-c',
      plain,
      '--kind',
      'domain',
      '--input',
      input,
      '--output',
      output,
      '--json',
    );
    expect(trained.code).toBe(0);
    expect(JSON.parse(trained.stdout)).toMatchObject({
      output,
      kind: 'domain',
      texts: 36,
      results: expect.any(Object),
    });
    const head = JSON.parse(readFileSync(output, 'utf8'));
    expect([...head.labels].sort()).toEqual(['drink', 'tool']);
    expect(head.card.data).toEqual([expect.objectContaining({ texts: 36, licence: 'as given' })]);
    const using = join(cache, 'using.yaml');
    writeFileSync(using, config(`domain: ${output}`));
    const told = await weir('classify', '-c', using, '--kind', 'domain', 'a mug of hot coffee to drink');
    expect(JSON.parse(told.stdout)).toMatchObject({ label: 'drink', scores: { drink: expect.any(Number) } });
  });

  test('weir train routes writes what weir classify reads', async () => {
    const config = join(cache, 'weir.yaml');
    writeFileSync(
      config,
      `router: { learned: { cache: ${cache} } }\npool:\n  models: { m: {} }\n  pools: { p: { model: m, replicas: ["http://127.0.0.1:9"] } }\n`,
    );
    const rows = {
      tea: [
        'brew a pot of tea',
        'a cup of green tea',
        'tea leaves in hot water',
        'pour the tea',
        'black tea with milk',
      ],
      car: ['drive the car', 'my car has a flat tyre', 'change the engine oil', 'park the car', 'a car on the road'],
    };
    const input = join(cache, 'rows.jsonl');
    writeFileSync(
      input,
      Object.entries(rows)
        .flatMap(([label, texts]) => texts.map(text => JSON.stringify({ text, label })))
        .join('\n'),
    );
    const output = join(cache, 'head.json');
    expect(await weir('train', 'routes', '-c', config, '--input', input, '--output', output, '--json')).toMatchObject({
      code: 0,
    });
    const lines = join(cache, 'lines.jsonl');
    writeFileSync(lines, '{"id":"a","text":"a cup of tea please"}\n{"text":"the car will not start"}\n');
    const { stdout, code } = await weir('classify', '-c', config, '--routes', output, '--input', lines);
    expect(code).toBe(0);
    const told = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(told.map(({ id, label }) => [id, label])).toEqual([
      ['a', 'tea'],
      [2, 'car'],
    ]);
    expect(told[0]).toMatchObject({
      scores: { tea: expect.any(Number) },
      ms: expect.any(Number),
      tier: expect.any(String),
    });
    expect((await weir('classify', '-c', config, 'text')).code).toBe(2);
    const french = await weir(
      'classify',
      '-c',
      config,
      '--kind',
      'language',
      'Combien de temps faut-il pour aller à Lyon ?',
    );
    expect(JSON.parse(french.stdout)).toMatchObject({ label: 'fr', tier: 'fast' });
    const wanted = async (text: string) =>
      JSON.parse((await weir('classify', '-c', config, '--kind', 'modality', text)).stdout);
    const picture = await wanted('Generate an image of a lighthouse');
    expect(picture).toMatchObject({ label: 'image', scores: { text: expect.any(Number), video: expect.any(Number) } });
    expect(picture.scores.image).toBe(picture.score);
    // The head knows English only, so that rules alone speak here, and not at all where they find nothing.
    expect(await wanted('Génère une image d’un phare dans la tempête')).toMatchObject({ label: 'image', tier: 'fast' });
    expect(await wanted('Pourquoi les feuilles des arbres deviennent-elles rouges ?')).toMatchObject({
      label: null,
      reason: 'in fr, which this head does not know',
    });
  });
});
