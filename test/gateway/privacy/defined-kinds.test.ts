import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { weir as cli } from '../../cli/run.js';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { configOf, type RunningGateway, startGateway } from '../../support/running-gateway.js';
import { ask } from '../admin/support.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-kinds-'));
const file = join(folder, 'weir.yaml');
let cloud: MockUpstream;
let weir: RunningGateway;
let config: (patterns: string) => string;

/** Says what it was sent last, in pieces of five characters where it streams. */
function echo(body: Record<string, unknown>): { kind: 'raw'; type: string; body: string } {
  const { content } = (body.messages as { content: string }[]).at(-1)!;
  if (body.stream !== true) {
    const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
    return {
      kind: 'raw',
      type: 'application/json',
      body: JSON.stringify({ object: 'chat.completion', choices, usage: { prompt_tokens: 1, completion_tokens: 1 } }),
    };
  }
  const deltas = [...(content.match(/[\s\S]{1,5}/g) ?? []).map(piece => ({ content: piece })), {}];
  const chunks = deltas.map((delta, at) => ({
    choices: [{ index: 0, delta, finish_reason: at === deltas.length - 1 ? 'stop' : null }],
  }));
  const events = chunks.map(chunk => `data: ${JSON.stringify(chunk)}\n\n`).join('');
  return { kind: 'raw', type: 'text/event-stream', body: `${events}data: [DONE]\n\n` };
}

const PATTERNS = `
      employee: { pattern: '\\bE-\\d{6}\\b', placeholder: STAFF }
      case_number: { pattern: '\\bAZ \\d{1,5}/\\d{2}\\b' }
      badge: { pattern: '\\b\\d{8}\\b', check: luhn }`;

beforeAll(async () => {
  cloud = await startMockUpstream(echo);
  config = patterns => `
router:
  privacy:
    kinds: { employee: mask, case_number: mask, badge: block }
    patterns: ${patterns}
  signals:
    staff: { pii: [employee] }
    anything: { pii: {} }
  decisions:
    - { name: staff, when: 'staff == "employee"', models: [m] }
    - { name: personal, when: anything, models: [m] }
    - { name: rest, when: otherwise, models: [m] }
pool:
  models: { m: {} }
  pools: { m: { model: m, health: false, replicas: ["${cloud.url}"] } }
`;
  writeFileSync(file, config(PATTERNS));
  weir = await startGateway(config(PATTERNS));
});

afterAll(async () => {
  await weir.close();
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  cloud.seen.length = 0;
});

const SAID = 'Pay E-123456 for AZ 17/24 at once';
const say = (content: string, more: object = {}) =>
  weir.chat({ model: 'auto', messages: [{ role: 'user', content }], ...more });
const sent = () => JSON.stringify(cloud.seen[0]?.body);

describe('kinds of one’s own by patterns', () => {
  it('go out as placeholders with their words and come back', async () => {
    const response = await say(SAID);
    const answer = (await response.json()) as { choices: { message: { content: string } }[] };
    expect(answer.choices[0]?.message.content).toBe(SAID);
    expect(sent()).toMatch(/Pay \[STAFF_[a-z2-7]{8}\] for \[CASE_NUMBER_[a-z2-7]{8}\] at once/);
    const note = 'masked case_number 1, employee 1';
    expect((await weir.recordOf(response)).stages).toContainEqual(expect.objectContaining({ stage: 'privacy', note }));
  });

  it('come back in streams cut anywhere', async () => {
    const events = (await (await say(SAID, { stream: true })).text())
      .split('\n\n')
      .filter(one => /^data: \{/.test(one));
    const text = events.map(event => JSON.parse(event.slice(6)).choices[0]?.delta.content ?? '').join('');
    expect(text).toBe(SAID);
    expect(sent()).not.toContain('E-123456');
  });

  it('block only where check digits are right', async () => {
    expect((await say('badge 12345674')).status).toBe(403);
    expect((await say('order 12345678')).status).toBe(200);
  });

  it.each([
    ['staff', 'ask E-123456'],
    ['personal', 'about AZ 17/24'],
    ['rest', 'about nobody'],
  ])('lead to %s: %s', async (decision, text) => {
    const response = await say(text);
    await response.text();
    expect(response.headers.get('x-weir-decision')).toBe(decision);
  });

  it('are told by /api/classify and weir classify', async () => {
    const spans = [
      { type: 'employee', start: 4, end: 12, score: 1, text: 'E-123456' },
      { type: 'case_number', start: 17, end: 25, score: 1, text: 'AZ 17/24' },
    ];
    const body = { kind: 'pii', texts: [SAID] };
    const answer = await ask(weir.url, 'POST', '/api/classify', { body });
    expect(answer.body.results).toMatchObject([{ scores: { employee: 1, case_number: 1 }, spans }]);
    const { code, stdout } = await cli('classify', '--kind', 'pii', '-c', file, SAID);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ spans });
  });

  it('are those of the configuration in force, also for texts that were read before', async () => {
    await (await say(SAID)).text();
    cloud.seen.length = 0;
    const others = `
      employee: { pattern: '\\bat once\\b' }
      case_number: { pattern: '\\bnever\\b' }
      badge: { pattern: '\\bnever\\b' }`;
    weir.gateway.reload(configOf(config(others)));
    await (await say(SAID)).text();
    expect(sent()).toMatch(/Pay E-123456 for AZ 17\/24 \[EMPLOYEE_[a-z2-7]{8}\]/);
  });
});
