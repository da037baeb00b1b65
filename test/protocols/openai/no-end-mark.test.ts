import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { GuardChain } from '#protocols/guards/guard-chain.js';
import { GuardedRelay } from '#protocols/guards/guarded-relay.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { openaiCompletions } from '#protocols/openai/completions.js';
import type { StreamRelay } from '#protocols/protocol.js';
import { Translation } from '#protocols/translation.js';
import { envelope, head } from '../../contracts/protocol.js';

const chunk = (index: number, content: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index, delta: { content }, finish_reason: finish }] })}\n\n`;
const text = (index: number, said: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index, text: said, finish_reason: finish }] })}\n\n`;
const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}\n\n';
const DONE = 'data: [DONE]\n\n';

/** All that a relay sends on of a stream that comes in pieces of so many bytes and ends in good order. */
function sent(relay: StreamRelay, stream: string, size: number): string {
  const bytes = Buffer.from(stream);
  let out = '';
  for (let from = 0; from < bytes.length; from += size) out += relay.push(bytes.subarray(from, from + size)) ?? '';
  return out + (relay.close()?.toString() ?? '');
}

function translating(): StreamRelay {
  const body = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }], stream: true };
  const inbound = anthropicMessages.read(Buffer.from(JSON.stringify(body)), envelope);
  const terms = { servedModel: 'm', defaultMaxTokens: 9, streamUsage: true };
  return new Translation(inbound, openaiChat, terms, {}, head).relay();
}

describe.each([1, 7, 100_000])('a stream that ends in good order without [DONE], in pieces of %i bytes', size => {
  it('is whole once its answer has a finish reason, and the client gets its end', () => {
    for (const usage of ['', USAGE]) {
      const stream = chunk(0, 'It rains.') + chunk(0, '', 'stop') + usage;
      const relay = openaiChat.relay(false);
      expect(sent(relay, stream, size)).toBe(stream + DONE);
      expect(relay.end()).toMatchObject({ complete: true, finish: 'stop', error: undefined });
    }
  });

  it('keeps usage from a client that did not ask for it', () => {
    const stream = chunk(0, 'It rains.') + chunk(0, '', 'stop');
    for (const behind of [USAGE, USAGE.slice(0, -2)]) {
      const relay = openaiChat.relay(true);
      expect(sent(relay, stream + behind, size)).toBe(stream + DONE);
      expect(relay.end()).toMatchObject({ complete: true, usage: { completionTokens: 3 } });
    }
  });

  it('gets no second end', () => {
    const stream = chunk(0, 'It rains.') + chunk(0, '', 'stop') + DONE;
    for (const whole of [stream, stream.slice(0, -2)]) expect(sent(openaiChat.relay(false), whole, size)).toBe(stream);
  });

  it('is cut without a finish reason, and behind an error', () => {
    const error = 'data: {"error":{"message":"out of memory"}}\n\n';
    for (const stream of [
      '',
      chunk(0, 'It'),
      chunk(0, 'It', ''),
      chunk(0, 'It') + USAGE,
      chunk(0, 'It', 'stop') + error,
    ]) {
      for (const relay of [openaiChat.relay(false), translating()]) {
        expect(sent(relay, stream, size)).not.toMatch(/\[DONE\]|message_stop/);
        expect(relay.end().complete).toBe(false);
      }
    }
  });

  it('is cut where half an event follows', () => {
    const stream = chunk(0, 'It rains.') + chunk(0, '', 'stop') + USAGE.slice(0, 40);
    for (const relay of [openaiChat.relay(false), translating()]) {
      expect(sent(relay, stream, size)).not.toMatch(/\[DONE\]|message_stop/);
      expect(relay.end().complete).toBe(false);
    }
  });

  it('is whole behind blank lines and a comment', () => {
    const relay = openaiChat.relay(false);
    expect(sent(relay, `${chunk(0, 'It rains.', 'stop')}\n\n: bye\n`, size)).toContain(DONE);
    expect(relay.end().complete).toBe(true);
  });

  it('is whole once each of several answers that began has a finish reason, however far apart', () => {
    const long = Array.from({ length: 20 }, (_, at) => chunk(1, `w${at}`)).join('');
    const stream = chunk(0, 'a') + chunk(1, 'b') + chunk(0, '', 'stop') + long;
    const cut = openaiChat.relay(false, 2);
    expect(sent(cut, stream, size)).toBe(stream);
    expect(cut.end().complete).toBe(false);
    const whole = openaiChat.relay(false, 2);
    const finished = stream + chunk(1, '', 'length') + chunk(0, '');
    expect(sent(whole, finished, size)).toBe(finished + DONE);
    expect(whole.end().complete).toBe(true);
  });

  it('is whole in text completions too', () => {
    const stream = text(0, 'It') + text(1, 'Now') + text(1, '', 'stop') + text(0, '', 'stop');
    const relay = openaiCompletions.relay(false, 2);
    expect(sent(relay, stream, size)).toBe(stream + DONE);
    expect(relay.end().complete).toBe(true);
    const cut = openaiCompletions.relay(false, 2);
    expect(sent(cut, text(0, 'It') + text(1, 'Now', 'stop'), size)).not.toContain('[DONE]');
    expect(cut.end().complete).toBe(false);
  });

  it('is translated whole', () => {
    const relay = translating();
    const out = sent(relay, chunk(0, 'It rains.') + chunk(0, '', 'length') + USAGE, size);
    expect(out).toContain('It rains.');
    expect(out).toContain('"max_tokens"');
    expect(out).toMatch(/message_stop"\}\n\n$/);
    expect(relay.end()).toMatchObject({ complete: true, finish: 'length', usage: { completionTokens: 3 } });
  });

  it('is guarded whole', () => {
    const chain = new GuardChain([], 'm', () => 0);
    const relay = new GuardedRelay(openaiChat.relay(false), openaiChat.answerForm!, chain, 1, () => undefined);
    expect(sent(relay, chunk(0, 'It rains.') + chunk(0, '', 'stop'), size)).toMatch(/It rains\.[\s\S]*\[DONE\]\n\n$/);
    expect(relay.end().complete).toBe(true);
    expect(chain.ended).toBe(true);
  });
});
