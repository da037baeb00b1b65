import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChatStreamRelay } from '#protocols/openai/chat-stream.js';

const delta = (content: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }], usage: null })}\n\n`;
const USAGE = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 4 } } })}\n\n`;
const DONE = 'data: [DONE]\n\n';

function relayed(stream: Buffer, cuts: readonly number[], strip: boolean) {
  const relay = new ChatStreamRelay(strip);
  const out: Buffer[] = [];
  let from = 0;
  for (const cut of [...new Set(cuts.map(at => at % (stream.length + 1)))]
    .sort((a, b) => a - b)
    .concat(stream.length)) {
    const events = relay.push(stream.subarray(from, cut));
    if (events !== undefined) {
      expect(events.toString('utf8')).toMatch(/\r?\n\r?\n$/);
      out.push(events);
    }
    from = cut;
  }
  return { text: Buffer.concat(out).toString('utf8'), end: relay.end() };
}

const contents = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 8 });
const cutsOf = fc.array(fc.nat(), { maxLength: 12 });

describe('a stream on its way through', () => {
  it('comes out the same however it was cut into pieces', () => {
    fc.assert(
      fc.property(contents, cutsOf, fc.boolean(), fc.boolean(), (texts, cuts, strip, crlf) => {
        const head = texts.map(text => delta(text)).join('') + delta('', 'length');
        const whole = (text: string) => (crlf ? text.replaceAll('\n', '\r\n') : text);
        const { text, end } = relayed(Buffer.from(whole(head + USAGE + DONE)), cuts, strip);
        expect(text).toBe(whole(head + (strip ? '' : USAGE) + DONE));
        expect(end).toEqual({
          complete: true,
          finish: 'length',
          usage: { promptTokens: 9, completionTokens: 3, cachedTokens: 4 },
          error: undefined,
        });
      }),
    );
  });

  it('is not complete without the end mark, and a half event is not passed on', () => {
    fc.assert(
      fc.property(contents, cutsOf, fc.nat({ max: 12 }), (texts, cuts, kept) => {
        const head = texts.map(text => delta(text)).join('');
        const { text, end } = relayed(Buffer.from(head + DONE.slice(0, kept)), cuts, true);
        expect(text).toBe(head);
        expect(end.complete).toBe(false);
      }),
    );
  });

  it('is not complete when the engine reports an error, whatever follows', () => {
    const error = `data: ${JSON.stringify({ error: { message: 'out of memory', code: 500 } })}\n\n`;
    const { text, end } = relayed(Buffer.from(delta('a') + error + DONE), [], false);
    expect(text).toContain('out of memory');
    expect(end).toMatchObject({ complete: false, error: 'out of memory' });
  });

  it('leaves usage that rides on an event with choices', () => {
    const both = `data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 1 } })}\n\n`;
    const { text, end } = relayed(Buffer.from(both + DONE), [], true);
    expect(text).toBe(both + DONE);
    expect(end.usage?.promptTokens).toBe(1);
  });

  it('ignores comments and refuses an event without end', () => {
    expect(relayed(Buffer.from(`: ping\n\n${delta('x')}${DONE}`), [3], false).end.complete).toBe(true);
    const relay = new ChatStreamRelay(false);
    expect(() => {
      for (let i = 0; i < 20; i++) relay.push(Buffer.alloc(1024 * 1024, 'x'));
    }).toThrow(expect.objectContaining({ code: 'upstream.malformed' }));
  });
});
