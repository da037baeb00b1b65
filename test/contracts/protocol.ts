import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWeirError, WeirError } from '#contract/errors.js';
import { type Answer, AnswerBuilder, type AnswerUsage } from '#protocols/neutral/answer.js';
import type { Conversation } from '#protocols/neutral/conversation.js';
import { streamOf } from '#protocols/neutral/fixed.js';
import type { EngineSide, Envelope, Inbound, Protocol } from '#protocols/protocol.js';
import { SseReader } from '#protocols/sse.js';
import { Translation } from '#protocols/translation.js';
import { answers, chunksOf, conversations, cuts } from './conversations.js';

export const envelope: Envelope = { id: 'req_1', arrivedAt: 0, caller: { address: '127.0.0.1', headers: {} } };
export const head = { id: 'req_1', model: 'm', at: 1_700_000_000_000 };
const terms = { servedModel: 'm', defaultMaxTokens: 4096, streamUsage: true };

export interface ProtocolFacts {
  /** The least body that is a request. */
  readonly least: Readonly<Record<string, unknown>>;
  /** Bodies that are none, each with the path of what is wrong. */
  readonly hostile: readonly (readonly [body: unknown, path: string])[];
  /** Marks that a stream ends with only when it is whole. */
  readonly endMarks: readonly string[];
}

/** What every API that converses must hold to. */
export function protocolContract(protocol: Protocol, { least, hostile, endMarks }: ProtocolFacts): void {
  const engine = protocol.engine!;
  const read = (body: unknown): Inbound => protocol.read(Buffer.from(JSON.stringify(body)), envelope);
  const streamFor = (answer: Answer): string => streamOf(answer, read(asking(least)).writer(head));

  describe(`${protocol.name} as a protocol`, () => {
    it('reads the least request there is', () => {
      expect(read(least).request).toMatchObject({ id: 'req_1', model: least.model, stream: false });
      expect(read(least).request.messages.length).toBeGreaterThan(0);
    });

    it.each([
      ['not JSON', '{'],
      ['an array', '[]'],
      ['nothing', ''],
      ['null', 'null'],
    ])('refuses a body that is %s', (_, text) => {
      expect(() => protocol.read(Buffer.from(text), envelope)).toThrow(WeirError);
    });

    it.each(hostile)('refuses %j and says where', (body, path) => {
      let error: unknown;
      try {
        read(body);
      } catch (thrown) {
        error = thrown;
      }
      expect(isWeirError(error)).toBe(true);
      expect(error).toMatchObject({ status: 400, path });
    });

    it('throws nothing but its own errors, whatever a body holds', () => {
      const value = fc.jsonValue({ maxDepth: 4 });
      const body = fc.dictionary(
        fc.constantFrom(
          ...Object.keys(least),
          'tools',
          'tool_choice',
          'stream',
          'system',
          'thinking',
          'text',
          'reasoning',
          'metadata',
          'stop',
        ),
        value,
      );
      fc.assert(
        fc.property(body, changes => {
          try {
            read({ ...least, ...changes }).conversation();
          } catch (error) {
            expect(isWeirError(error)).toBe(true);
          }
        }),
      );
    });

    it('passes a body on byte for byte but for the name of the model', () => {
      const text = `{ "future_field" : 1.0, ${JSON.stringify({ ...least, model: 'auto' }).slice(1)}`;
      const inbound = protocol.read(Buffer.from(text), envelope);
      const sent = inbound.bodyFor('served', {}, false).toString();
      expect(sent).toBe(text.replace('"model":"auto"', '"model":"served"'));
    });

    it('says a conversation so that it is read as the same one', () => {
      fc.assert(
        fc.property(conversations, conversation => {
          const { body, lost } = engine.encode(conversation, terms);
          expect(lost).toEqual([]);
          const inbound = protocol.read(Buffer.from(body), envelope);
          expect(essence(inbound.conversation())).toEqual(essence(conversation));
          expect(inbound.request.messages.length).toBe(essence(conversation).messages.length);
        }),
      );
    });

    it('writes answers so that they are read as the same ones', () => {
      fc.assert(
        fc.property(answers, answer => {
          expect(engine.decode(read(least).writer(head).whole(answer))).toEqual(answer);
        }),
      );
    });

    it('writes streams so that they are read as the same answers, however they are cut', () => {
      fc.assert(
        fc.property(answers, cuts, fc.constantFrom('\n', '\r\n'), (answer, sizes, newline) => {
          const text = `: a comment${newline}${newline}${streamFor(answer).replaceAll('\n', newline)}`;
          expect(heard(engine, chunksOf(Buffer.from(text), sizes))).toEqual(answer);
        }),
      );
    });

    it('reads one byte at a time as it reads all at once', () => {
      fc.assert(
        fc.property(answers, answer => {
          const bytes = Buffer.from(streamFor(answer));
          expect(heard(engine, chunksOf(bytes, new Array<number>(bytes.length).fill(1)))).toEqual(answer);
        }),
        { numRuns: 20 },
      );
    });

    it('lets a stream of its own pass unchanged, as whole events, and reads the counts', () => {
      fc.assert(
        fc.property(answers, cuts, (answer, sizes) => {
          const bytes = Buffer.from(streamFor(answer));
          const relay = protocol.relay(false);
          const out: Buffer[] = [];
          for (const chunk of chunksOf(bytes, sizes)) {
            const events = relay.push(chunk);
            if (events === undefined) continue;
            expect(events.subarray(-2).toString()).toBe('\n\n');
            out.push(events);
          }
          expect(Buffer.concat(out).equals(bytes)).toBe(true);
          const end = relay.end();
          expect(end).toMatchObject({ complete: true, error: undefined });
          expect(counts(end.usage)).toEqual(counts(answer.usage));
        }),
      );
    });

    it('calls no stream complete that lacks its end, translated or not', () => {
      fc.assert(
        fc.property(answers, fc.double({ min: 0, max: 0.999, noNaN: true }), (answer, share) => {
          const whole = Buffer.from(streamFor(answer));
          // The blank line behind the last event is part of it.
          const bytes = whole.subarray(0, Math.floor(share * (whole.length - 1)));
          const passing = protocol.relay(false);
          passing.push(bytes);
          expect(passing.end().complete).toBe(false);
          const translated = new Translation(read(asking(least)), protocol, terms, {}, head).relay();
          const sent = translated.push(bytes)?.toString() ?? '';
          expect(translated.end().complete).toBe(false);
          for (const mark of endMarks) expect(sent).not.toContain(mark);
        }),
      );
    });

    it('ends an event that has no end with an error', () => {
      const relays = [protocol.relay(false), new Translation(read(least), protocol, terms, {}, head).relay()];
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      for (const relay of relays) {
        expect(() => {
          relay.push(Buffer.from('data: '));
          for (let i = 0; i < 10; i++) relay.push(chunk);
        }).toThrow(expect.objectContaining({ code: 'upstream.malformed' }));
      }
    });

    it('says an error in a stream as an event of its own, and never as a clean end', () => {
      const event = protocol.errorEvent(new WeirError('upstream.cut', 'It broke'), 3);
      expect(event.endsWith('\n\n')).toBe(true);
      expect(event).toContain('It broke');
      for (const mark of endMarks) expect(event).not.toContain(mark);
      const relay = protocol.relay(false);
      relay.push(Buffer.from(event));
      expect(relay.end()).toMatchObject({ complete: false, error: expect.stringContaining('It broke') });
      const reader = engine.reader();
      const events = new SseReader().push(Buffer.from(event));
      expect(() => events.map(one => reader.read(one))).toThrow(expect.objectContaining({ code: 'upstream.status' }));
    });

    it('knows its own whole answers, and no others', () => {
      fc.assert(
        fc.property(answers, answer => {
          const text = Buffer.from(read(least).writer(head).whole(answer)).toString('latin1');
          expect(counts(protocol.factsOf(text)?.usage)).toEqual(counts(answer.usage));
        }),
      );
      for (const text of ['', '<html>', '{}', '[]', '{"error":{"message":"x"}}']) {
        expect(protocol.factsOf(text)).toBeUndefined();
        expect(engine.decode(text)).toBeUndefined();
      }
    });
  });
}

/** The least request, asking for a stream and its counts. */
function asking(least: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    ...least,
    stream: true,
    ...('messages' in least && !('max_tokens' in least) ? { stream_options: { include_usage: true } } : undefined),
  };
}

function heard(engine: EngineSide, chunks: readonly Buffer[]): Answer {
  const sse = new SseReader();
  const reader = engine.reader();
  const built = new AnswerBuilder();
  let ended = false;
  const open = new Set<number>();
  for (const chunk of chunks) {
    for (const event of sse.push(chunk)) {
      for (const part of reader.read(event)) {
        expect(ended).toBe(false);
        if (part.kind === 'end') ended = true;
        else if (part.kind === 'open') open.add(part.block);
        else if (part.kind === 'close') expect(open.delete(part.block)).toBe(true);
        else expect(open.has(part.block)).toBe(true);
        built.add(part);
      }
    }
  }
  expect(ended).toBe(true);
  expect(open.size).toBe(0);
  return built.answer;
}

function counts(usage: AnswerUsage | undefined) {
  return [usage?.promptTokens, usage?.completionTokens, usage?.cachedTokens];
}

/** A conversation without the differences that mean nothing: neighbouring texts and turns are as good as one. */
function essence(conversation: Conversation) {
  const { messages, model: _, toolChoice, ...rest } = conversation;
  const turns: { role: string; parts: unknown[] }[] = [];
  for (const { role, content } of messages) {
    const last = turns.at(-1);
    const turn = last?.role === role ? last : { role, parts: [] as unknown[] };
    if (turn !== last) turns.push(turn);
    for (const part of content) turn.parts.push(plain(part));
  }
  return {
    ...rest,
    toolChoice: toolChoice?.kind ?? 'auto',
    tools: conversation.tools.map(({ strict: _strict, ...tool }) => tool),
    messages: turns.map(({ role, parts }) => ({ role, parts: joined(parts as { text?: string }[]) })),
  };
}

function plain(part: Conversation['messages'][number]['content'][number]): unknown {
  if (part.type === 'text') return { text: part.text };
  if (part.type === 'tool_call') return { ...part, arguments: JSON.parse(part.arguments) };
  if (part.type === 'image') return { type: 'image', source: part.source };
  return part;
}

function joined(parts: readonly { text?: string; type?: string }[]): unknown[] {
  const out: { text?: string; type?: string }[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (last !== undefined && part.type === undefined && last.type === undefined)
      last.text = `${last.text}\n${part.text}`;
    else out.push({ ...part });
  }
  return out;
}
