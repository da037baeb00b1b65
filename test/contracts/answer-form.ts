import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnswerGuard, type AnswerGuardMaker, AnswerStopped } from '#contract/answer-guard.js';
import { GuardChain } from '#protocols/guards/guard-chain.js';
import { GuardedRelay } from '#protocols/guards/guarded-relay.js';
import { AnswerBuilder, type AnswerEvent, type AnswerPart, eventsOf } from '#protocols/neutral/answer.js';
import type { AnswerWriter, Protocol } from '#protocols/protocol.js';
import { SseReader } from '#protocols/sse.js';

/** Turns `(+)` into `plus`, whatever pieces it comes in, and notes what it has seen. */
class PlusGuard implements AnswerGuard {
  readonly held = new Map<string, string>();
  readonly seen = new Map<string, string>();
  ends = 0;

  text({ key, kind }: { key: string; kind: string }, text: string): string {
    this.seen.set(`${key} ${kind}`, (this.seen.get(`${key} ${kind}`) ?? '') + text);
    const all = (this.held.get(key) ?? '') + text;
    const keep = /(?:\(|\(\+)$/.exec(all)?.[0] ?? '';
    this.held.set(key, keep);
    return plus(all.slice(0, all.length - keep.length));
  }

  close({ key }: { key: string }): string {
    const rest = this.held.get(key) ?? '';
    this.held.delete(key);
    return rest;
  }

  end() {
    this.ends++;
    return { note: 'seen', header: 'yes', verdict: { seen: true } };
  }
}

const plus = (text: string): string => text.replaceAll('(+)', 'plus');

function makerOf(guard: AnswerGuard, holds = false): AnswerGuardMaker {
  return { name: 'plus', holds, guard: () => guard };
}

const words = fc
  .array(fc.constantFrom('(', '+', ')', '(+)', 'a', 'é', '"', '\n', ' 😀 ', '\\'), { maxLength: 12 })
  .map(parts => parts.join(''));
const said = words.filter(text => text !== '');
const part: fc.Arbitrary<AnswerPart> = fc.oneof(
  said.map((text): AnswerPart => ({ type: 'text', text })),
  said.map((text): AnswerPart => ({ type: 'thinking', text })),
  words.map((input): AnswerPart => ({ type: 'tool_call', id: 'c', name: 'f', arguments: JSON.stringify({ input }) })),
);
/** Texts, and then calls: what every API can tell in that order. */
const parts = fc
  .array(part, { minLength: 1, maxLength: 5 })
  .map(all => {
    const order = ['thinking', 'text', 'tool_call'];
    const sorted = [...all].sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
    // Chat Completions has one text and one thought.
    return sorted.filter((one, at) => one.type === 'tool_call' || one.type !== sorted[at - 1]?.type);
  })
  .map(all => all.map((one, at) => (one.type === 'tool_call' ? { ...one, id: `call_${at}` } : one)));

/** What every API's form of answers does for guards. @param writer of answers in that API. */
export function answerFormContract(protocol: Protocol, writer: () => AnswerWriter): void {
  const form = protocol.answerForm!;
  const engine = protocol.engine!;
  const guarded = (guard: AnswerGuard, holds = false, holding: (bytes: number) => void = () => {}): GuardedRelay =>
    new GuardedRelay(protocol.relay(false), form, new GuardChain([makerOf(guard, holds)], 'm', () => 0), 1, holding);
  const expected = (all: readonly AnswerPart[]) => all.map(textOf);

  const streamed = (all: readonly AnswerPart[], cuts: readonly number[]): string => {
    const write = writer();
    const events = eventsOf({ parts: all, finish: 'stop', foreign: [], usage: NO_USAGE });
    return events
      .flatMap(event => inPieces(event, cuts))
      .map(event => write.event(event))
      .join('');
  };

  describe(`guards of answers in ${protocol.name}`, () => {
    it('tells the client what the guards let pass, wherever a stream is cut', () => {
      fc.assert(
        fc.property(parts, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }), (all, cuts) => {
          const guard = new PlusGuard();
          const relay = guarded(guard);
          const out = pushed(relay, Buffer.from(streamed(all, cuts)), cuts);
          expect(read(engine.reader(), out)).toEqual(expected(all));
          expect(relay.end()).toMatchObject({ complete: true });
          expect([...guard.held.values()].join('')).toBe('');
          expect(guard.ends).toBe(1);
          expect(out).toContain('"weir":{"plus":{"seen":true}}');
        }),
        { numRuns: 100 },
      );
    });

    it('does the same to a whole answer', () => {
      fc.assert(
        fc.property(parts, all => {
          const guard = new PlusGuard();
          const chain = new GuardChain([makerOf(guard)], 'm', () => 0);
          const answer = JSON.parse(writer().whole({ parts: all, finish: 'stop', foreign: [], usage: NO_USAGE }));
          const out = form.whole(answer, chain);
          expect(engine.decode(JSON.stringify(out))?.parts.map(textOf)).toEqual(expected(all));
          expect(out.weir).toEqual({ plus: { seen: true } });
          expect(chain.reports).toMatchObject([{ guard: 'plus', note: 'seen', header: 'yes' }]);
        }),
        { numRuns: 100 },
      );
    });

    it('repeats at the end of a stream only what the client was told', () => {
      const relay = guarded(new PlusGuard());
      const out = pushed(relay, Buffer.from(streamed([{ type: 'text', text: 'a (+) b (+' }], [3])), [5]);
      expect(out).not.toContain('(+)');
      const { whole } = relay.end();
      if (whole !== undefined) expect(whole).toContain('a plus b (+');
    });

    it('lets nothing of a held answer leave before its end, and then all of it', () => {
      const relay = guarded(new PlusGuard(), true);
      const bytes = Buffer.from(streamed([{ type: 'text', text: 'one (+) two' }], [2]));
      const half = bytes.subarray(0, bytes.indexOf('tw'));
      expect(relay.push(half)).toBeUndefined();
      const out = String(relay.push(bytes.subarray(half.length)));
      expect(read(engine.reader(), out)).toEqual(['one plus two']);
    });

    it('counts a held answer that broke off as none', () => {
      const relay = guarded(new PlusGuard(), true);
      const bytes = Buffer.from(streamed([{ type: 'text', text: 'one two' }], [2]));
      expect(relay.push(bytes.subarray(0, bytes.indexOf('tw')))).toBeUndefined();
      expect(relay.end().complete).toBe(false);
    });

    it('tells how much it holds, in the bytes that leave, and holds nothing once that is too much', () => {
      const told: number[] = [];
      const relay = guarded(new PlusGuard(), true, bytes => told.push(bytes));
      const bytes = Buffer.from(streamed([{ type: 'text', text: 'é'.repeat(200) }], [20]));
      const cut = bytes.lastIndexOf('é');
      expect(relay.push(bytes.subarray(0, cut / 2))).toBeUndefined();
      expect(relay.push(bytes.subarray(cut / 2, cut))).toBeUndefined();
      const all = relay.push(bytes.subarray(cut))!;
      expect(told).toEqual([...told].sort((a, b) => a - b));
      expect(told.at(-1)).toBeGreaterThan(400);
      expect(told.at(-1)).toBeLessThan(all.length);

      const narrow = guarded(new PlusGuard(), true, held => {
        if (held > 100) throw new RangeError('too much');
      });
      expect(() => narrow.push(bytes.subarray(0, cut))).toThrow(RangeError);
      // Some APIs repeat the whole answer at its end; what was held before it is gone.
      expect(narrow.push(bytes.subarray(cut))?.length ?? 0).toBeLessThan(all.length - 400);
    });

    const stopping: AnswerGuard = {
      text: (_block, text) => {
        if (text.includes('stop')) throw new AnswerStopped('answer.ungrounded', 'no more', true);
        return text;
      },
      close: () => '',
      end: () => undefined,
    };
    const said = (...texts: readonly string[]): string => {
      const write = writer();
      const all = texts.map((text): AnswerEvent => ({ kind: 'delta', block: 0, text }));
      return [{ kind: 'open', block: 0, part: 'text' } as const, ...all].map(event => write.event(event)).join('');
    };

    it('is stopped by what a guard refuses, also where it would be too much to hold', () => {
      const relay = guarded(stopping, true, () => {
        throw new RangeError('too much');
      });
      expect(relay.push(Buffer.from(said('good '.repeat(100), 'stop')))).toBeUndefined();
      expect(relay.stopped?.code).toBe('answer.ungrounded');
    });

    it('passes on what came before a stop, and nothing after it', () => {
      const relay = guarded(stopping);
      const told = said('good ', 'stop', ' bad');
      const out = String(relay.push(Buffer.from(told)));
      expect(out).toContain('good ');
      expect(out).not.toContain('bad');
      expect(relay.stopped?.code).toBe('answer.ungrounded');
      expect(relay.push(Buffer.from(told))).toBeUndefined();
      expect(relay.end().complete).toBe(false);
    });
  });
}

const NO_USAGE = { promptTokens: 1, completionTokens: 1, cachedTokens: 0 };

function textOf(one: AnswerPart): string {
  if (one.type === 'tool_call') return plusInJson(one.arguments);
  return one.type === 'text' || one.type === 'thinking' ? plus(one.text) : '';
}

/** Idempotent: what was replaced already holds no `(+)` any more. */
function plusInJson(args: string): string {
  return plus(args);
}

function inPieces(event: AnswerEvent, cuts: readonly number[]): AnswerEvent[] {
  if (event.kind !== 'delta') return [event];
  return pieces(event.text, cuts).map(text => ({ ...event, text }));
}

function pieces(text: string, cuts: readonly number[]): string[] {
  const out: string[] = [];
  const chars = [...text];
  for (let at = 0, turn = 0; at < chars.length; turn++) {
    const size = cuts[turn % cuts.length]!;
    out.push(chars.slice(at, at + size).join(''));
    at += size;
  }
  return out;
}

function pushed(relay: GuardedRelay, bytes: Buffer, cuts: readonly number[]): string {
  const out: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = cuts[turn % cuts.length]! * 37;
    const passed = relay.push(bytes.subarray(at, at + size));
    if (passed !== undefined) out.push(passed);
    at += size;
  }
  return Buffer.concat(out).toString('utf8');
}

function read(reader: ReturnType<NonNullable<Protocol['engine']>['reader']>, stream: string): string[] {
  const builder = new AnswerBuilder();
  for (const event of new SseReader().push(Buffer.from(stream)))
    for (const told of reader.read(event)) builder.add(told);
  return builder.answer.parts.map(one =>
    one.type === 'tool_call' ? one.arguments : one.type === 'text' || one.type === 'thinking' ? one.text : '',
  );
}
