import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doubtsAbout } from '#cli/doubtful-texts.js';
import { weir } from './run.js';

const rows = (...all: [string, string][]) => all.map(([text, label]) => ({ text, label }));

describe('what is said of texts that are to be trained on', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-train-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('texts with more than one label, and languages that the embedder does not know', async () => {
    const english = rows(
      ['please refund my order', 'refund'],
      ['where is my parcel', 'parcel'],
      ['refund me now', 'refund'],
    );
    expect(await doubtsAbout(english, 'all-MiniLM-L6-v2')).toEqual([]);
    const torn = [...english, ...rows([' please refund my order', 'parcel'])];
    expect(await doubtsAbout(torn, 'all-MiniLM-L6-v2')).toEqual([
      '1 of 3 texts have more than one label: "please refund my order" is refund and parcel',
    ]);
    const french = rows(
      ['je voudrais être remboursé de mon achat', 'a'],
      ['où se trouve donc mon colis', 'b'],
      ['ok', 'a'],
    );
    expect(await doubtsAbout(french, 'all-MiniLM-L6-v2')).toEqual([expect.stringContaining('in fr ')]);
    expect(await doubtsAbout(french, 'e5')).toEqual([]);
  });

  test('lines without text are left out and counted, and a byte-order mark is none of the text', async () => {
    const file = join(folder, 'marked.jsonl');
    await writeFile(
      file,
      `\ufeff${JSON.stringify({ text: 'a', label: 'x' })}\n${JSON.stringify({ text: ' ', label: 'y' })}\n`,
    );
    const { code, stderr } = await weir('train', 'routes', '--input', file, '--output', join(folder, 'out.json'));
    expect([code, stderr]).toEqual([2, expect.stringContaining('1 of 2 lines have no text and are left out')]);
    expect(stderr).toContain('two labels at least');
  });

  test('a table is no JSON lines, and it is said what they are', async () => {
    const file = join(folder, 'table.csv');
    await writeFile(file, 'text,label\nhello,greeting\n');
    const { code, stderr } = await weir('train', 'routes', '--input', file, '--output', join(folder, 'out.json'));
    expect([code, stderr]).toEqual([2, expect.stringContaining('an object on each line')]);
  });
});
