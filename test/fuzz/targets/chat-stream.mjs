/**
 * Chat Completions event streams, cut anywhere. Whatever the cuts, what is passed on is what a reader of the whole stream would pass on, and the
 * end is told alike; where the end mark alone is missing, it is put there.
 */
import { isWeirError } from '../../../dist/contract/errors.js';
import { ChatStreamRelay } from '../../../dist/protocols/openai/chat-stream.js';
import { chance, hashOf, pick, string, value, words } from '../draw.mjs';
import { same } from '../same.mjs';

export const name = 'chat-stream';

/** So many events at the end are looked at for what they say. */
const TAIL = 4;

export function generate(random) {
  const end = pick(random, ['\n\n', '\n\n', '\n\n', '\r\n\r\n', '\r\r']);
  const events = [];
  for (let left = random.below(6); left > 0; left--) {
    events.push(
      pick(random, [
        `data: {"choices":[{"index":0,"delta":{"content":${string(random)}},"finish_reason":null}]}`,
        `data:{"choices":[{"index":0,"delta":{"content":${string(random)}},"finish_reason":null}],"usage":null}`,
        `: ${words(random)}`,
        `event: x${end.slice(0, end.length / 2)}data: ${value(random)}`,
        `data: ${value(random)}`,
      ]),
    );
  }
  if (chance(random, 0.7)) events.push('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}');
  if (chance(random, 0.6))
    events.push(
      `data: {"choices":[],"usage":{"prompt_tokens":${pick(random, ['3', '-1', '1e3'])},"completion_tokens":2}}`,
    );
  if (chance(random, 0.1)) events.push(`data: {"error":${value(random)}}`);
  if (chance(random, 0.8)) events.push('data: [DONE]');
  const whole = events.map(event => event + end).join('');
  const text = chance(random, 0.8) ? whole : whole.slice(0, whole.length - 1 - random.below(end.length));
  const pieces = [];
  for (let from = 0; from < text.length; ) {
    const to = from + 1 + random.below(chance(random, 0.5) ? 12 : 200);
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

export function check(pieces) {
  const text = pieces.join('');
  const strip = hashOf([text]) % 2 === 0;
  const cut = relayed(pieces, strip);
  const whole = relayed([text], strip);
  const { events, complete, half } = eventsOf(text);
  const values = events.map(said);
  const expected = trimmed(strip ? events.filter((_, at) => !isBareUsage(values[at])).join('') : complete);
  const marked = trimmed(`${expected}\n\ndata: [DONE]`);
  const saying = values.map((value, at) => (isSaying(value) ? at : -1)).filter(at => at >= 0);
  const atEnd = saying.every(at => at >= events.length - TAIL);
  const told = lacksMark(values) && !half ? marked : expected;
  for (const [sent, how] of [
    [trimmed(cut.text), 'cut in pieces'],
    [trimmed(whole.text), 'in one piece'],
  ]) {
    // What stands far before the end is read or not, as the pieces fall.
    const right = sent === told || (!atEnd && (sent === marked || sent === expected));
    if (!right) throw new Error(`${how}, something else is passed on`);
  }
  if (atEnd && !same(cut.end, whole.end)) throw new Error('cut in pieces, the end is told otherwise');
}

/** A finish reason of the first choice, no error, and no end mark. */
function lacksMark(values) {
  const finished = value => /^[a-z_]{1,32}$/.test(value?.choices?.[0]?.finish_reason ?? '');
  return values.some(finished) && !values.some(value => value === '[DONE]' || value?.error != null);
}

function relayed(pieces, strip) {
  const relay = new ChatStreamRelay(strip);
  let text = '';
  for (const piece of pieces) {
    try {
      const out = relay.push(Buffer.from(piece, 'latin1'));
      if (out !== undefined) text += out.toString('latin1');
    } catch (error) {
      if (!isWeirError(error)) throw error;
    }
  }
  text += relay.close()?.toString('latin1') ?? '';
  return { text, end: relay.end() };
}

/** Blank lines beyond the one that ends an event say nothing. */
const trimmed = text =>
  text
    .replace(/(?:\r?\n|\r){2,}/g, '\n\n')
    .replace(/^[\r\n]+/, '')
    .replace(/[\r\n]+$/, '');

/** Events and the blank lines behind them, read a byte at a time; the last needs none, if it says something whole. */
function eventsOf(text) {
  const events = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const before = text[at - 1];
    const ends =
      text[at] === '\r' ? before === '\r' : text[at] === '\n' && (before === '\n' || text.slice(at - 2, at) === '\n\r');
    if (!ends || at < from + 1) continue;
    events.push(text.slice(from, at + 1));
    from = at + 1;
  }
  const data = dataOf(text.slice(from));
  const whole = data !== undefined && isWhole(data);
  if (whole) events.push(`${text.slice(from)}\n\n`);
  return { events, complete: events.join(''), half: data !== undefined && !whole };
}

/** By the standard's grammar, in which a line `data` is an empty one of its event, and line ends of two kinds in a row are a blank line. */
function dataOf(rest) {
  const plain = rest.replace(/^\xef\xbb\xbf/, '');
  const event = plain
    .split(/(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)/)
    .findLast(said => /(?:^|[\r\n])data(?::|[\r\n]|$)/.test(said));
  if (event === undefined) return undefined;
  const lines = event.split(/\r\n|\n|\r/).filter(line => /^data(?::|$)/.test(line));
  return lines.map(line => line.replace(/^data:? ?/, '')).join('\n');
}

function isWhole(data) {
  if (data === '[DONE]') return true;
  try {
    const value = JSON.parse(Buffer.from(data, 'latin1').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function said(event) {
  const lines = event.split(/\r\n|\n|\r/).filter(line => line.startsWith('data:'));
  const data = lines.map(line => line.slice(line.startsWith('data: ') ? 6 : 5)).join('\n');
  if (data === '[DONE]') return '[DONE]';
  if (!/^\s*[{[]/.test(data)) return undefined;
  try {
    const value = JSON.parse(Buffer.from(data, 'latin1').toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isBareUsage(value) {
  const count = value?.usage?.prompt_tokens;
  const counted = Number.isInteger(count) && count >= 0 && count < 1e12;
  return counted && !Array.isArray(value.usage) && Array.isArray(value.choices) && value.choices.length === 0;
}

function isSaying(value) {
  if (value === undefined) return false;
  return value === '[DONE]' || value.error != null || value.usage != null || value.choices?.[0]?.finish_reason != null;
}
