import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { weir } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-findings-'));
const context = join(folder, 'context.txt');
writeFileSync(context, 'The bridge over the Oresund was opened in July 2000. It joins Malmo and Copenhagen.');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('classify --kind pii tells kinds and places', async () => {
  const text = 'My card is 4111 1111 1111 1111';
  const { code, stdout } = await weir('classify', '--kind', 'pii', text);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    label: 'card',
    score: 1,
    scores: { card: 1 },
    spans: [{ type: 'card', start: 11, end: 30, score: 1, text: '4111 1111 1111 1111' }],
    tier: 'fast',
  });
});

test('classify --kind grounding tells what the context does not bear out', async () => {
  const ask = (text: string) =>
    weir('classify', '--kind', 'grounding', '--context', context, '--question', 'When was it opened?', text);
  expect(JSON.parse((await ask('In July 2000.')).stdout)).toMatchObject({ label: 'grounded', spans: [] });
  const wrong = JSON.parse((await ask('Queen Victoria opened it in 1871.')).stdout);
  expect(wrong.label).toBe('ungrounded');
  expect(wrong.spans.map(({ text }: { text: string }) => text)).toEqual(expect.arrayContaining(['Victoria', '1871']));
});

test('classify --kind grounding without a context is a wrong call', async () => {
  const { code, stderr } = await weir('classify', '--kind', 'grounding', 'anything');
  expect(code).toBe(2);
  expect(stderr).toContain('--context');
});
