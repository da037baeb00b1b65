import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Classifier, NO_MODELS } from '#contract/learned.js';
import type { ModelHost } from '#models/model-host.js';
import { type Behaviour, type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

type Body = Record<string, unknown>;
const MAIL = 'anna@example.org';

/** Judges by a word: what is `odd` is at 0.45. */
const byWord: Classifier = {
  labels: ['safe', 'unsafe'],
  prepare: () => Promise.resolve(),
  classify: text => {
    const p = text.includes('odd') ? 0.45 : 0;
    return { probabilities: Float32Array.of(1 - p, p), best: 0, sure: true, tier: 'fast' };
  },
};
const localModels = { configure: () => ({ ...NO_MODELS, safety: () => byWord }) } as unknown as ModelHost;

/** An engine that says something made from what it was sent, whole or in pieces of a few characters. */
function says(make: (sent: string) => string, prompt = 10) {
  return (body: Body): Behaviour => {
    const content = make(sentIn(body));
    const usage = { prompt_tokens: prompt, completion_tokens: 5, total_tokens: prompt + 5 };
    if (body.stream !== true) {
      const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
      return {
        kind: 'raw',
        type: 'application/json',
        body: JSON.stringify({ object: 'chat.completion', choices, usage }),
      };
    }
    const pieces = content.match(/[\s\S]{1,5}/g) ?? [];
    const chunks = [
      ...pieces.map(piece => ({ choices: [{ index: 0, delta: { content: piece }, finish_reason: null }] })),
      { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { choices: [], usage },
    ];
    const events = chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`).join('');
    return { kind: 'raw', type: 'text/event-stream', body: `${events}data: [DONE]\n\n` };
  };
}

const sentIn = (body: Body) => (body.messages as { content: string }[]).map(({ content }) => content).join('\n');
const placeholderIn = (sent: string) => /\[EMAIL_[a-z2-7]{8}\]/.exec(sent)?.[0];

let small: MockUpstream;
let large: MockUpstream;
let weir: RunningGateway;

beforeAll(async () => {
  small = await startMockUpstream();
  large = await startMockUpstream();
  const acts = ['grounded', 'annotated', 'cascaded'];
  weir = await startGateway(
    `
router:
  privacy: { kinds: { email: mask, person: mask } }
  safety: { conversation: { safer: 0.5, cooler: 0.55, cut: 0.6, flag: 0.9, models: [small] } }
  signals:
${acts.map(act => `    ${act}: { metadata: { field: act, equals: ${act} } }`).join('\n')}
  decisions:
    - { name: grounded, when: grounded, grounding: regenerate, models: [small, large] }
    - { name: annotated, when: annotated, grounding: annotate, models: [small] }
    - { name: cascaded, when: cascaded, models: [small, large], strategy: { cascade: { ttft: 60s, tokens: 14000, compress: 1.6 } } }
    - { name: rest, when: otherwise, models: [small] }
pool:
  models: { small: { price: { prompt: 1, completion: 2 } }, large: { price: { prompt: 10, completion: 20 } } }
  pools:
    small: { model: small, health: false, replicas: ["${small.url}"] }
    large: { model: large, health: false, replicas: ["${large.url}"] }
`,
    {},
    { localModels },
  );
});

afterAll(() => Promise.all([weir.close(), small.close(), large.close()]));

beforeEach(() => {
  for (const mock of [small, large]) mock.seen.length = 0;
});

async function textOf(response: Response, stream: boolean): Promise<string> {
  const text = await response.text();
  if (!stream) return JSON.parse(text).choices[0].message.content;
  const events = text.split('\n\n').filter(event => event.startsWith('data: {'));
  return events.map(event => JSON.parse(event.slice(6)).choices[0]?.delta.content ?? '').join('');
}

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

describe.each([false, true])('masking, streamed: %s', stream => {
  describe('with a conversation that is cut', () => {
    const ask = (messages: readonly object[]) => weir.chat({ model: 'auto', stream, messages });

    it('sends nothing of what was cut, not even a placeholder, and what stays has the placeholders it had', async () => {
      small.behaviour = says(sent => sent);
      const before = [user(`I am at ${MAIL}, what now?`), assistant(`Noted: ${MAIL}.`)];
      await (await ask(before.slice(0, 1))).text();
      const turned = [
        user('An odd plan against mallory@example.org'),
        assistant('First, mail mallory@example.org.'),
        user('An odd step more'),
        assistant('Then mail again.'),
      ];
      const response = await ask([...before, ...turned, user(`Write this odd thing to ${MAIL}`)]);
      const [first, cut] = small.seen.map(({ body }) => sentIn(body));
      const placeholder = placeholderIn(first!);
      expect(placeholder).toBeDefined();
      expect(cut!.split('\n')).toEqual([
        `I am at ${placeholder}, what now?`,
        `Noted: ${placeholder}.`,
        '[removed]',
        '[removed]',
        '[removed]',
        '[removed]',
        `Write this odd thing to ${placeholder}`,
      ]);
      const answer = await textOf(response, stream);
      expect(answer).toBe(cut!.replaceAll(placeholder!, MAIL));
      const { stages } = await weir.recordOf(response);
      expect(stages).toContainEqual(
        expect.objectContaining({ stage: 'caution', note: expect.stringContaining('cut 2 turns') }),
      );
      expect(stages).toContainEqual(expect.objectContaining({ stage: 'privacy', note: 'masked email 3' }));
    });

    it('sends what the user says now, though the user has said it before', async () => {
      small.behaviour = says(sent => sent);
      const odd = user(`Write this odd thing to ${MAIL}`);
      const no = assistant('No.');
      const response = await ask([user('hello'), no, odd, no, odd, no, odd]);
      const sent = sentIn(small.seen[0]!.body).split('\n');
      expect(sent.slice(0, 2)).toEqual(['hello', 'No.']);
      expect(sent.at(-1)).toMatch(/^Write this odd thing to \[EMAIL_[a-z2-7]{8}\]$/);
      expect((await textOf(response, stream)).split('\n').at(-1)).toBe(odd.content);
    });
  });

  describe('with answers that are held against their context', () => {
    const CONTEXT =
      'The museum in Lund was founded in 1892 by Anna Kowalska, who can be reached at anna@example.org. It holds forty thousand objects.\n' +
      'Visitors may see the collections from May to September. Admission costs 95 kronor for adults and nothing for children.';
    const RIGHT = 'The museum was founded by Anna Kowalska in 1892, who can be reached at anna@example.org.';
    const WRONG = `${RIGHT} Napoleon Bonaparte visited Copenhagen with seventeen elephants in 1805.`;
    const ask = (act: string) =>
      weir.chat({
        model: 'auto',
        stream,
        metadata: { act },
        messages: [user(`${CONTEXT}\n\nWho founded the museum?`)],
      });
    /** What an engine says that knows the values by their placeholders alone. */
    const masked = (text: string) => (sent: string) =>
      text
        .replaceAll(MAIL, placeholderIn(sent)!)
        .replaceAll('Anna Kowalska', /\[PERSON_[a-z2-7]{8}\]/.exec(sent)?.[0] ?? 'nobody');

    it('judges answers with their values in place, and asks the next model the same', async () => {
      small.behaviour = says(masked(WRONG));
      large.behaviour = says(masked(RIGHT));
      const response = await ask('grounded');
      expect(response.headers.get('x-weir-model')).toBe('large');
      expect(await textOf(response, stream)).toBe(RIGHT);
      const [first, second] = [small, large].map(({ seen }) => seen[0]!.body.messages);
      expect(first).toEqual(second);
      expect(JSON.stringify(first)).not.toMatch(/Kowalska|anna@/);
      const { attempts, verdicts } = await weir.recordOf(response);
      expect(attempts.map(({ error }) => error)).toEqual(['answer.ungrounded', undefined]);
      expect(verdicts).toEqual({ grounding: 'grounded' });
    });

    it('names the places of an answer as the client reads it', async () => {
      small.behaviour = says(masked(WRONG));
      const text = await (await ask('annotated')).text();
      const [from, to] = JSON.parse(/"spans":(\[\[.*?\]\])/.exec(text)![1]!)[0];
      expect(WRONG.slice(from, to)).toMatch(/^Napoleon .* 1805\.$/);
    });
  });

  describe('with a prompt that is made shorter', () => {
    const lines = Array.from({ length: 600 }, (_, at) => `Line ${at} of the report was written by ${at}@example.org.`);

    it('leaves out sentences of what is masked, and puts values back in the answer to the rest', async () => {
      small.behaviour = says(() => "I'm sorry, but I can't help with that.", 7700);
      large.behaviour = says(sent => `By ${/Line 77 of the report was written by (\S+)\.(?:\s|$)/.exec(sent)?.[1]}`);
      const response = await weir.chat({
        model: 'auto',
        stream,
        metadata: { act: 'cascaded' },
        messages: [user(lines.join(' ')), user('Who has written line 77 of the report?')],
      });
      expect(await textOf(response, stream)).toBe('By 77@example.org');
      expect(response.headers.get('x-weir-cascade')).toBe('small=escalated');
      expect(response.headers.get('x-weir-compressed')).toMatch(/^\d+>\d+$/);
      const [whole, shorter] = [small, large].map(({ seen }) => sentIn(seen[0]!.body));
      expect(whole!.match(/\[EMAIL_[a-z2-7]{8}\]/g)).toHaveLength(600);
      expect(shorter!.length * 1.5).toBeLessThan(whole!.length);
      expect(`${whole}${shorter}`).not.toContain('@');
      // A placeholder that was cut in two would tell the model nothing, and the client less.
      expect(shorter!.match(/EMAIL_/g)).toHaveLength(shorter!.match(/\[EMAIL_[a-z2-7]{8}\]\./g)!.length);
    });
  });
});
