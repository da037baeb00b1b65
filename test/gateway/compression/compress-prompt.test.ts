import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '#contract/request.js';
import { compressPrompt, GAP, MOST_COMPRESSED } from '#gateway/compression/compress-prompt.js';
import { sentenceEnds } from '#models/grounding/sentences.js';

const by = (role: Message['role'], text: string): Message => ({ role, content: [{ type: 'text', text }] });
const bytesOf = (messages: readonly Message[]): number =>
  messages.reduce((sum, { content }) => {
    return sum + content.reduce((all, part) => all + ('text' in part ? Buffer.byteLength(part.text) : 0), 0);
  }, 0);
const compress = (messages: readonly Message[], excess: number) =>
  compressPrompt({ messages, promptBytes: bytesOf(messages) }, excess);

const FILLER = [
  'The harbour was quiet in the morning and the boats lay still.',
  'A gull walked along the pier and looked for something to eat.',
  'Somebody had left a bicycle by the wall of the customs house.',
  'The clock of the church had stopped years ago at ten past four.',
];
const long = (sentences: number): string[] => Array.from({ length: sentences }, (_, i) => FILLER[i % FILLER.length]!);

describe('compressing a prompt', () => {
  it('leaves out what says least of what is asked', () => {
    const sentences = long(40);
    sentences[20] = 'The licence number of the trawler Aurora is QX-4471.';
    const messages = [by('user', sentences.join(' ')), by('user', 'What is the licence number of the Aurora?')];
    const text = [...compress(messages, 1500)!.values()][0]!;
    expect(text).toContain('QX-4471');
    expect(text).toContain(GAP.trim());
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(Buffer.byteLength(sentences.join(' ')) - 1500);
  });

  it('leaves system prompts, short texts, JSON and code as they are', () => {
    const prose = long(30).join(' ');
    const code = `${'const a = { b: [1, 2], c: (d) => d[0] };\n'.repeat(30)}`;
    const fenced = `Read this.\n\`\`\`\n${long(20).join('\n')}\n\`\`\`\nThat was all.`;
    const json = `[${Array.from({ length: 60 }, (_, i) => `"value number ${i}"`).join(', ')}]`;
    for (const text of [code, fenced, json])
      expect(compress([by('user', text)], 50), text.slice(0, 20)).toBeUndefined();
    expect(compress([by('system', prose), by('user', 'Short.')], 50)).toBeUndefined();
    expect(compress([by('user', prose)], 50)).toBeDefined();
  });

  it('leaves code that comes behind what is left out as it is, from the beginning of its first line', () => {
    for (const code of ['    if (a[0] == b[0]):\n        return a[1]\n', '```\nmake all\n```\n']) {
      const text = `${long(30).join('\n')}\n${code}${long(3).join('\n')}`;
      const out = [...compress([by('user', text)], 1000)!.values()][0]!;
      expect(out).toContain(`\n${code}`);
      expect(Buffer.byteLength(out)).toBeLessThanOrEqual(Buffer.byteLength(text) - 1000);
    }
  });

  it('does not read what is too long for the thread it happens on', () => {
    const text = long(Math.ceil(MOST_COMPRESSED / 50)).join(' ');
    expect(compress([by('user', text)], 100)).toBeUndefined();
  });

  it('takes out as much as it must or nothing, in whole sentences, and keeps first and last of each text', () => {
    const sentence = fc
      .array(fc.stringMatching(/^[a-zäé漢]{1,9}$/u), { minLength: 1, maxLength: 25 })
      .map(words => `${words.join(' ')}. `);
    const text = fc.array(sentence, { minLength: 1, maxLength: 60 }).map(all => all.join(''));
    fc.assert(
      fc.property(
        fc.uniqueArray(text, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 4000 }),
        (texts, excess) => {
          const messages = texts.map((one, i) => by(i % 2 === 0 ? 'user' : 'tool', one));
          const found = compress(messages, excess);
          if (found === undefined) return;
          const gone = [...found].reduce((sum, [was, is]) => sum + Buffer.byteLength(was) - Buffer.byteLength(is), 0);
          expect(gone).toBeGreaterThanOrEqual(excess);
          for (const [was, is] of found) {
            const ends = sentenceEnds(was);
            expect(is.startsWith(was.slice(0, ends[2] ?? was.length))).toBe(true);
            const kept = is.split(GAP).map(piece => piece.trim());
            let from = 0;
            for (const piece of kept) {
              const at = was.indexOf(piece, from);
              expect(at).toBeGreaterThanOrEqual(from);
              from = at + piece.length;
            }
          }
          expect(compress(messages, excess)).toEqual(found);
        },
      ),
    );
  });
});
