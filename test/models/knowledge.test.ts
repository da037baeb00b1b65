import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Embedder } from '#contract/embedder.js';
import { WeirError } from '#contract/errors.js';
import { NO_MODELS } from '#contract/learned.js';
import { BaseFiles, MOST_BYTES } from '#models/knowledge/base-files.js';
import { chunksOf, chunkText, LONGEST_CHUNK } from '#models/knowledge/chunks.js';
import { type BaseChunk, holdOut } from '#models/knowledge/held-out.js';
import { KnowledgeBases, type KnowledgePorts } from '#models/knowledge/knowledge-bases.js';
import { type KnowledgeNews, LiveBases } from '#models/knowledge/live-bases.js';
import { readKnowledge } from '#models/knowledge/read-knowledge.js';
import { KnowledgeShelf } from '#models/knowledge/shelf.js';
import { openStaticEmbedding } from '#models/static/static-embedding.js';
import { checkRouter } from '#router/check.js';
import { knowledge } from '#router/signals/knowledge.js';
import { wordIndex } from '#router/signals/word-index.js';
import { classifierContract } from '../contracts/classifier.js';
import { configured, profile, request } from '../router/support.js';
import { VirtualClock } from '../support/virtual-clock.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-knowledge-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const table = openStaticEmbedding();

/** The static table in the place of a model: it knows words, which is enough here. */
function words(fail: () => WeirError | undefined = () => undefined): Embedder {
  return {
    name: 'words',
    dimension: table.dimension,
    prepare: () => Promise.resolve(),
    embed(texts) {
      const error = fail();
      if (error !== undefined) return Promise.reject(error);
      return Promise.resolve(texts.map(text => table.embed(text) ?? new Float32Array(table.dimension)));
    },
  };
}

const SHOP = `# Returns
You may return shoes within 45 days of delivery. Print the return slip and put it in the box.
# Refunds
Money for your order is refunded within six days. Gift cards are refunded as a new gift card.
# Delivery
Parcels take three days to be delivered. We do not deliver orders to post office boxes.
`;
const MACHINE = `Descaling the coffee machine takes half an hour. Fill the water tank and add citric acid to it.

Grind the coffee beans finer for stronger coffee. Clean the grinder of the machine once a week.
`;

function ports(given: Partial<KnowledgePorts> = {}): KnowledgePorts {
  return { embedder: words(), words: wordIndex, gist: text => text, patienceMs: 50, ...given };
}

function bases(given: Partial<KnowledgePorts> = {}): KnowledgeBases {
  const files = { shop: { files: [put('kb/shop.md', SHOP)] }, machine: { files: [put('kb/machine.txt', MACHINE)] } };
  return new KnowledgeBases(Object.keys(files), readKnowledge(files), ports(given));
}

describe('the files of a base', () => {
  const read = (...paths: string[]) => new BaseFiles().read('it', paths).map(({ text }) => text);

  test('a folder is read with all that is in it, by name, without what is hidden, linked or of another kind', () => {
    for (const name of ['b.md', 'a/c.TXT', 'a/d.jsonl', '.hidden.md', '.git/e.md', 'f.png']) put(`all/${name}`, name);
    symlinkSync(join(folder, 'all'), join(folder, 'all/loop'));
    expect(read(join(folder, 'all'))).toEqual(['a/c.TXT', 'a/d.jsonl', 'b.md']);
  });

  test.each([
    ['config.unreadable', () => [join(folder, 'nowhere')]],
    ['config.unreadable', () => [put('latin.txt', Uint8Array.of(0x61, 0xe9, 0x61))]],
    ['config.invalid', () => [dirname(put('empty/pictures/a.png', ''))]],
    ['config.invalid', () => [put('large.txt', 'a '.repeat(MOST_BYTES / 2 + 1))]],
  ])('%s, with the path of the setting', (code, paths) => {
    expect(() => read(...paths())).toThrow(expect.objectContaining({ code, path: 'router.knowledge.it.files' }));
  });

  test('bounds hold for all bases together, and one without text is a mistake', () => {
    const many = put('many.jsonl', '{"text":"a line of text"}\n'.repeat(1100));
    expect(() => readKnowledge({ a: { files: [many] }, b: { files: [many] } })).toThrow(
      expect.objectContaining({ code: 'config.invalid', path: 'router.knowledge.b.files' }),
    );
    expect(() => readKnowledge({ a: { files: [put('blank.md', '# \n\n')] } })).toThrow(/hold no text/);
  });
});

describe('chunks', () => {
  const of = (text: string, path = 'a.md') => chunksOf({ path, text }, 'setting');

  test('stand under their headings; a # in a block of code is none; a line end is no end of a sentence', () => {
    expect(of('# One ##\nfirst line\ngoes on.\n- an item\n```\n# code\n```\n## Two\nlast.').map(chunkText)).toEqual([
      'One ##: first line goes on. - an item ``` # code ```',
      'Two: last.',
    ]);
  });

  test('JSON lines are a chunk each; one without text says where it stands', () => {
    expect(of('{"title":"T","text":"some text"}\n\n{"text":"more text"}', 'a.jsonl').map(chunkText)).toEqual([
      'T: some text',
      'more text',
    ]);
    expect(() => of('{"text":"some"}\n{"txt":1}', 'a.jsonl')).toThrow(/a\.jsonl:2 has no text/);
    expect(() => of('null', 'a.jsonl')).toThrow(/a\.jsonl:1 has no text/);
    expect(() => of('{', 'a.jsonl')).toThrow(/a\.jsonl:1 is not JSON/);
  });

  test('are bounded, and lose no word of a text', () => {
    const word = fc.constantFrom('river', 'water', 'flows.', 'through', 'the#', 'weir!\n', '\n\n', 'x'.repeat(700));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 200 }), given => {
        const text = given.join(' ');
        const chunks = of(text, 'a.txt');
        for (const { sentences } of chunks) {
          expect(sentences.join(' ').length).toBeLessThanOrEqual(LONGEST_CHUNK + sentences.length);
        }
        const bare = (one: string) => one.replace(/\s/g, '');
        expect(bare(chunks.map(chunkText).join(' '))).toBe(bare(text));
      }),
      { seed: 11 },
    );
  });
});

test('what is held out and what is left are the whole, and something is left of each chunk', () => {
  const sentence = fc.string({ minLength: 4, maxLength: 60 });
  const chunk = fc.record({
    base: fc.nat({ max: 2 }),
    heading: fc.constantFrom('', 'heading'),
    sentences: fc.array(sentence, { minLength: 1, maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 300 }), (chunks: BaseChunk[]) => {
      const { rest, sentences } = holdOut(chunks);
      const all = (some: readonly BaseChunk[]) => some.flatMap(one => one.sentences);
      expect([...all(rest), ...sentences.map(({ text }) => text)].sort()).toEqual([...all(chunks)].sort());
      for (const { heading, sentences: left } of rest) expect(heading + left.join('')).not.toBe('');
      for (const base of [0, 1, 2]) expect(sentences.filter(one => one.base === base).length).toBeLessThanOrEqual(64);
    }),
    { seed: 5 },
  );
});

describe('an index of words', () => {
  test('says how much of what is asked stands in a text', () => {
    const { scores } = wordIndex(['descale the coffee machine', 'return shoes to the shop']);
    const [whole, none] = scores('descale machine');
    expect(whole).toBeGreaterThan(0.9);
    expect(none).toBe(0);
    expect(scores('descale rocket')[0]).toBeLessThan(0.6);
    expect(scores('what is it?')[0]).toBe(0);
    expect([...wordIndex([]).scores('anything')]).toEqual([]);
  });

  test('is between 0 and 1, in any script', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.lorem(),
      fc.constantFrom('東京都庁', '京都'),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), text, (texts, asked) => {
        for (const score of wordIndex(texts).scores(asked)) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
        }
      }),
      { seed: 3 },
    );
  });
});

describe('knowledge bases', () => {
  const asked = async (text: string, of = bases()) => {
    const verdict = await of.classify(text, { whenBusy: 'wait' });
    return { ...verdict, label: verdict.sure ? of.labels[verdict.best] : undefined };
  };

  test.each([
    ['how many days do I have to return shoes after delivery?', 'shop', 'Returns: You may return shoes'],
    ['how do I descale the coffee machine with citric acid?', 'machine', 'Descaling the coffee machine'],
  ])('%s is held by %s, and its chunk is the evidence', async (text, label, chunk) => {
    const { nearest, ...told } = await asked(text);
    expect(told).toMatchObject({ label, tier: 'model' });
    expect(nearest).toMatchObject({ label, text: expect.stringContaining(chunk) });
  });

  test('what none holds is said to be in none', async () => {
    const { label, probabilities, best } = await asked('who painted the ceiling of the chapel in Rome?');
    expect(label).toBeUndefined();
    expect(probabilities[best]).toBeLessThan(0.3);
  });

  test('while they are being read, who is in a hurry is told so; what failed is tried again', async () => {
    let fails = true;
    const some = bases({ embedder: words(() => (fails ? new WeirError('model.busy', 'eight wait') : undefined)) });
    await some.prepare();
    expect(await some.classify('return shoes', { whenBusy: 'wait' })).toMatchObject({ best: -1, reason: 'eight wait' });
    fails = false;
    expect(await some.classify('return shoes', { whenBusy: 'fast' })).toMatchObject({
      best: -1,
      tier: 'busy',
      loading: true,
    });
    await some.prepare();
    expect(await some.classify('return shoes', { whenBusy: 'fast' })).toMatchObject({ best: 0, tier: 'model' });
  });

  test('no bases, and no text: unsure, with what would help', async () => {
    expect(await asked('a', new KnowledgeBases([], [], ports()))).toMatchObject({
      best: -1,
      reason: expect.stringContaining('router.knowledge'),
    });
    expect(await asked('  ')).toMatchObject({ best: -1, reason: 'no text' });
  });

  test('stay the same over configurations that name the same files for the same model', () => {
    const shelf = new KnowledgeShelf(new VirtualClock());
    const files = { shop: { files: [put('kept.md', SHOP)] } };
    const first = shelf.open(files, 'model', ports());
    expect(shelf.open(files, 'model', ports())).toBe(first);
    expect(shelf.open(files, 'another model', ports())).not.toBe(first);
    shelf.close();
  });

  test('that nobody named are a mistake of the file', () => {
    const signals = { a: { knowledge: 'shpo' } };
    const codes = (knowledge: object) =>
      checkRouter(configured({ signals, knowledge }), { models: ['m'], pools: [] }).map(({ code, unknown }) => [
        code,
        unknown?.name,
      ]);
    expect(codes({})).toContainEqual(['config.missing', undefined]);
    expect(codes({ shop: { files: ['shop.md'] } })).toContainEqual(['config.unknown_reference', 'shpo']);
  });
});

describe('files that change', () => {
  const MONDAY = 'On which weekday is the shop closed? On Mondays the shop is closed.';
  const ASKED = 'on which weekday is the shop closed?';

  function live(name: string, content: string | undefined, given: Partial<KnowledgePorts> = {}) {
    if (content !== undefined) put(name, content);
    const clock = new VirtualClock();
    const news: KnowledgeNews[] = [];
    const opened = new LiveBases({ shop: { files: [join(folder, name)] } }, ports(given), clock, one => news.push(one));
    const nearest = async (): Promise<string> => {
      const { nearest: chunk, reason } = await opened.classify(ASKED, { whenBusy: 'wait' });
      return chunk?.text ?? reason ?? '';
    };
    const settle = async (): Promise<void> => {
      await opened.look();
      await opened.look();
    };
    return { clock, news, opened, nearest, settle };
  }

  test('are read once they stay as they are, and only when their text is another', async () => {
    const { news, opened, nearest, settle } = live('live/a.md', SHOP);
    await settle();
    await settle();
    expect([news, await nearest()]).toEqual([[], expect.not.stringContaining('Mondays')]);
    put('live/a.md', `${SHOP}# Hours\n${MONDAY}\n`);
    await opened.look();
    expect(await nearest()).not.toContain('Mondays');
    await opened.look();
    expect([news, await nearest()]).toEqual([[{ kind: 'read', chunks: 4 }], expect.stringContaining('Mondays')]);
    utimesSync(join(folder, 'live/a.md'), 1, 2);
    await settle();
    expect(news).toHaveLength(1);
  });

  test('in folders count as they come and go', async () => {
    const { nearest, settle } = live('live/folder', undefined);
    expect(await nearest()).toContain('cannot be read');
    put('live/folder/shop.md', SHOP);
    await settle();
    expect(await nearest()).not.toContain('cannot be read');
    const hours = put('live/folder/inside/hours.txt', MONDAY);
    await settle();
    expect(await nearest()).toContain('Mondays');
    rmSync(hours);
    await settle();
    expect(await nearest()).not.toContain('Mondays');
  });

  test('that cannot be read leave what was read in force, and say so once', async () => {
    const { news, nearest, settle } = live('live/b.md', `${SHOP}${MONDAY}`);
    rmSync(join(folder, 'live/b.md'));
    await settle();
    await settle();
    expect(news).toEqual([{ kind: 'kept', trouble: expect.stringContaining('cannot be read') }]);
    expect(await nearest()).toContain('Mondays');
  });

  test('wait for the model, the index that is there answering meanwhile', async () => {
    let down: WeirError | undefined;
    const { news, nearest, settle } = live('live/c.md', `${SHOP}${MONDAY}`, { embedder: words(() => down) });
    await nearest();
    down = new WeirError('model.busy', 'not now');
    put('live/c.md', SHOP);
    await settle();
    down = undefined;
    expect([news, await nearest()]).toEqual([[], expect.stringContaining('Mondays')]);
    await settle();
    expect([news.length, await nearest()]).toEqual([1, expect.not.stringContaining('Mondays')]);
  });

  test('are looked at now and then, until they are wanted no more', async () => {
    const { clock, opened, nearest } = live('live/d.md', SHOP);
    const until = async (text: string) => {
      await expect
        .poll(
          async () => {
            clock.advance(5000);
            return nearest();
          },
          { timeout: 50_000 },
        )
        .toContain(text);
    };
    put('live/d.md', `${SHOP}${MONDAY}`);
    await until('Mondays');
    opened.stop();
    put('live/d.md', SHOP);
    clock.advance(60_000);
    expect(await nearest()).toContain('Mondays');
  });
});

test('a knowledge signal says nothing of a text in a language that the model does not know', async () => {
  const english = new KnowledgeBases(
    ['shop'],
    readKnowledge({ shop: { files: [put('english.md', SHOP)] } }),
    ports({ languages: ['en'] }),
  );
  const signal = knowledge.build('it', knowledge.schema.parse({ when_busy: 'wait' }), {
    clock: new VirtualClock(),
    learned: { ...NO_MODELS, knowledge: () => english },
  });
  await signal.prepare?.();
  const read = (text: string) => signal.evaluate({ request: request(text), profile: profile() });
  expect(await read('Puis-je renvoyer des chaussures dans les 45 jours suivant la livraison ?')).toMatchObject({
    state: 'unknown',
    evidence: 'in fr, which this head does not know',
  });
  expect(await read('May I return shoes within 45 days of delivery?')).toMatchObject({ state: 'true', label: 'shop' });
});

classifierContract('knowledge bases', fail => bases({ embedder: words(() => fail) }));
