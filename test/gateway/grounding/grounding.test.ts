import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

const CONTEXT =
  'The museum in Lund was founded in 1892 by Georg Karlin. It holds forty thousand objects, among them thirty historic buildings.\n' +
  'Visitors may see the collections from May to September. Admission costs 95 kronor for adults and nothing for children.';
const RIGHT = 'The museum was founded by Georg Karlin in 1892. Admission is 95 kronor for adults.';
const WRONG =
  'The museum was founded by Georg Karlin in 1892. Napoleon Bonaparte visited Copenhagen with seventeen elephants in 1805.';

let honest: MockUpstream;
let inventive: MockUpstream;
let weir: RunningGateway;

function says(text: string) {
  return (body: Record<string, unknown>) => {
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    if (body.stream !== true) {
      const choices = [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }];
      return {
        kind: 'raw',
        type: 'application/json',
        body: JSON.stringify({ object: 'chat.completion', choices, usage }),
      } as const;
    }
    const deltas = (text.match(/[\s\S]{1,7}/g) ?? []).map(content => ({
      index: 0,
      delta: { content },
      finish_reason: null,
    }));
    const chunks = [...deltas, { index: 0, delta: {}, finish_reason: 'stop' }].map(
      choice => `data: ${JSON.stringify({ choices: [choice] })}\n\n`,
    );
    return { kind: 'raw', type: 'text/event-stream', body: `${chunks.join('')}data: [DONE]\n\n` } as const;
  };
}

beforeAll(async () => {
  honest = await startMockUpstream(says(RIGHT));
  inventive = await startMockUpstream(says(WRONG));
  const decision = (action: string, models: string) =>
    `    - { name: ${action}, when: ${action}, grounding: ${action}, models: ${models} }`;
  const signal = (action: string) => `    ${action}: { metadata: { field: act, equals: ${action} } }`;
  const actions = ['annotate', 'regenerate', 'withhold'];
  weir = await startGateway(`
router:
  signals:
${actions.map(signal).join('\n')}
    fine: { metadata: { field: act, equals: fine } }
  decisions:
${decision('annotate', '[inventive]')}
${decision('regenerate', '[inventive, honest]')}
${decision('withhold', '[inventive]')}
    - { name: fine, when: fine, grounding: { action: withhold }, models: [honest] }
pool:
  models: { honest: { price: { prompt: 1, completion: 2 } }, inventive: { price: { prompt: 10, completion: 20 } } }
  pools:
    honest: { model: honest, health: false, replicas: ["${honest.url}"] }
    inventive: { model: inventive, health: false, replicas: ["${inventive.url}"] }
`);
});

afterAll(async () => {
  await weir.close();
  await honest.close();
  await inventive.close();
});

const ask = (act: string, stream = false, content = `${CONTEXT}\n\nWho founded the museum, and when?`) =>
  weir.chat({ model: 'auto', metadata: { act }, stream, messages: [{ role: 'user', content }] });

function contentOf(stream: string): string {
  return stream
    .split('\n\n')
    .filter(event => event.startsWith('data: {"choices"'))
    .map(event => JSON.parse(event.slice(6)).choices[0].delta.content ?? '')
    .join('');
}

describe('grounding', () => {
  it('annotates a whole answer: header, body, record', async () => {
    const response = await ask('annotate');
    const body = (await response.json()) as {
      weir: { grounding: { grounded: boolean; flagged: number; spans: number[][] } };
    };
    expect(response.headers.get('x-weir-grounding')).toMatch(/^ungrounded 0\.\d\d$/);
    const { grounded, flagged, spans } = body.weir.grounding;
    expect([grounded, flagged]).toEqual([false, 1]);
    expect(WRONG.slice(...(spans[0] as [number, number]))).toMatch(/^Napoleon .* 1805\.$/);
    const { stages, verdicts } = await weir.recordOf(response);
    expect(verdicts).toEqual({ grounding: 'ungrounded' });
    expect(stages.find(({ note }) => note?.startsWith('ungrounded'))?.note).toContain('1 of 2 sentences');
  });

  it('annotates a stream in its last event, and changes none of it', async () => {
    const text = await (await ask('annotate', true)).text();
    expect(contentOf(text)).toBe(WRONG);
    expect(text).toContain('"weir":{"grounding":{"grounded":false');
  });

  it('has another model asked before anything has left', async () => {
    for (const stream of [false, true]) {
      const response = await ask('regenerate', stream);
      const text = await response.text();
      expect(response.headers.get('x-weir-model')).toBe('honest');
      expect(text).not.toContain('Napoleon');
      expect(stream ? contentOf(text) : text).toContain('Admission is 95 kronor');
      const { attempts } = await weir.recordOf(response);
      expect(attempts.map(({ model, error }) => [model, error])).toEqual([
        ['inventive', 'answer.ungrounded'],
        ['honest', undefined],
      ]);
    }
  });

  it('counts what was regenerated as well as what went out', async () => {
    const { attempts, outcome } = await weir.recordOf(await ask('regenerate'));
    expect(attempts.map(({ usage, costUsd }) => [usage?.completionTokens, costUsd])).toEqual([
      [1, expect.closeTo(30e-6, 12)],
      [undefined, undefined],
    ]);
    expect(outcome.costUsd).toBeCloseTo(33e-6, 12);
    expect(outcome.usage).toMatchObject({ completionTokens: 1 });
  });

  it('withholds a whole answer', async () => {
    const response = await ask('withhold');
    expect(response.status).toBe(502);
    expect(await response.text()).toContain('answer.ungrounded');
  });

  it('withholds from a stream the sentence that goes beyond the context, and all after it', async () => {
    const text = await (await ask('withhold', true)).text();
    expect(text).toContain('answer.ungrounded');
    expect(text).not.toContain('[DONE]');
    expect(text).not.toContain('Napoleon');
    expect(contentOf(text)).toBe('The museum was founded by Georg Karlin in 1892.');
  });

  it('lets a grounded stream pass whole', async () => {
    const text = await (await ask('fine', true)).text();
    expect(contentOf(text)).toBe(RIGHT);
    expect(text).toContain('[DONE]');
    expect(text).toContain('"grounded":true');
  });

  it('judges nothing where no context came with the request', async () => {
    const response = await ask('withhold', false, 'Who founded the museum?');
    expect(response.status).toBe(200);
    await response.text();
    const { stages } = await weir.recordOf(response);
    expect(stages).toContainEqual(expect.objectContaining({ note: 'no context to hold an answer against' }));
  });
});
