import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChatStreamRelay } from '#protocols/openai/chat-stream.js';

const delta = (text: string) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })}`;
const finish = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}';
const usage = 'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}';

/** A stream as a client without `include_usage` must see it, and as an engine wrote it. */
function streams(texts: readonly string[], lineEnd: string) {
  const end = `${lineEnd}${lineEnd}`;
  const events = [...texts.map(delta), finish];
  return {
    written: [...events, usage, 'data: [DONE]'].map(event => event + end).join(''),
    shown: [...events, 'data: [DONE]'].map(event => event + end).join(''),
  };
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, [...at, bytes.length][i])).filter(piece => piece.length > 0);
}

describe('the end of a chat stream', () => {
  test('is found, and usage taken out, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }), { maxLength: 40 }),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.nat(), { maxLength: 12 }),
        (texts, lineEnd, cuts) => {
          const { written, shown } = streams(texts, lineEnd);
          const relay = new ChatStreamRelay(true);
          const sent = cutAt(Buffer.from(written), cuts).map(piece => relay.push(piece) ?? Buffer.alloc(0));
          expect(Buffer.concat(sent).toString()).toBe(shown);
          const end = relay.end();
          expect(end).toMatchObject({ complete: true, finish: 'stop', error: undefined });
          expect(end.usage).toMatchObject({ promptTokens: 7, completionTokens: 3 });
        },
      ),
    );
  });

  test('text that speaks of usage stays where it is', () => {
    const { written, shown } = streams(['"usage"', '{"usage":{"prompt_tokens":1}}', '"error"'], '\n');
    const relay = new ChatStreamRelay(true);
    expect(relay.push(Buffer.from(written))?.toString()).toBe(shown);
    expect(relay.end()).toMatchObject({ complete: true, usage: { promptTokens: 7 } });
  });

  test('an error as the last of many events in one piece is heard', () => {
    const relay = new ChatStreamRelay(false);
    const many = Array.from({ length: 100 }, (_, i) => `${delta(String(i))}\n\n`).join('');
    relay.push(Buffer.from(`${many}data: {"error":{"message":"out of memory"}}\n\ndata: [DONE]\n\n`));
    expect(relay.end()).toMatchObject({ complete: false, error: 'out of memory' });
  });
});
