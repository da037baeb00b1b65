import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ContentPart, InferenceRequest, Message } from '#contract/request.js';
import type { SignalEvaluator, SignalInput, SignalValue } from '#contract/signal.js';
import { toUtf8, WireText } from '#contract/wire-text.js';

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'grapheme', maxLength: 200 }));

const part: fc.Arbitrary<ContentPart> = fc.oneof(
  text.map(content => ({ type: 'text' as const, text: content })),
  text.map(content => new WireText(toUtf8(content))),
  text.map(content => ({ type: 'thinking' as const, text: content })),
  text.map(source => ({ type: 'image' as const, source })),
  text.map(source => ({ type: 'audio' as const, source })),
  text.map(source => ({ type: 'file' as const, source })),
  text.map(content => ({ type: 'tool_call' as const, id: '1', name: 'f', arguments: content })),
  text.map(content => ({ type: 'tool_result' as const, id: '1', text: content, failed: false })),
  text.map(source => ({
    type: 'tool_result' as const,
    id: '1',
    text: '',
    failed: true,
    media: [{ type: 'file' as const, source }],
  })),
);

const messages: fc.Arbitrary<Message[]> = fc.array(
  fc.record({
    role: fc.constantFrom('system' as const, 'user' as const, 'assistant' as const, 'tool' as const),
    content: fc.array(part, { maxLength: 4 }),
  }),
  { maxLength: 6 },
);

/**
 * What holds of every signal, whatever the request contains: a value or a promise of one, never an exception; a state of the three,
 * a finite score, evidence of at most 120 printable characters on one line; the same value for the same request.
 */
export function signalContract(
  name: string,
  make: () => SignalEvaluator,
  input: (given: Partial<InferenceRequest>) => SignalInput,
): void {
  test(`${name}: any request has a value in form, and always the same`, async () => {
    const signal = make();
    await fc.assert(
      fc.asyncProperty(messages, fc.dictionary(text, text), async (given, record) => {
        const asked = input({
          messages: given,
          metadata: record,
          caller: { address: '::1', headers: record, user: record.user ?? '' },
        });
        const value = await signal.evaluate(asked);
        expectInForm(value);
        expect(await signal.evaluate(asked)).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });
}

function expectInForm({ state, score, label, evidence }: SignalValue): void {
  expect(['true', 'false', 'unknown']).toContain(state);
  expect(Number.isFinite(score)).toBe(true);
  expect(evidence?.length ?? 0).toBeLessThanOrEqual(120);
  expect(evidence ?? '').not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u);
  expect(label?.length ?? 0).toBeLessThanOrEqual(120);
}
