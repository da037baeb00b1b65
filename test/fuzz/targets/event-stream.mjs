/** Event streams by the HTML standard's grammar, cut anywhere: a reader of the whole text, written apart, says which events there are. */
import { isWeirError } from '../../../dist/contract/errors.js';
import { SseReader } from '../../../dist/protocols/sse.js';
import { bytes, chance, pick, value, words } from '../draw.mjs';
import { same } from '../same.mjs';

export const name = 'event-stream';

export function generate(random) {
  const end = () => pick(random, ['\n', '\n', '\n', '\r\n', '\r']);
  let text = chance(random, 0.05) ? bytes('\ufeff') : '';
  for (let left = random.below(12); left > 0; left--) {
    text += pick(random, [
      () => `data: ${value(random)}`,
      () => `data:${words(random)}`,
      () => `event: ${words(random, 1)}`,
      () => `: ${words(random)}`,
      () => pick(random, ['data', 'id: 7', 'retry: 5', 'data : x', ' data: x', 'DATA: x', 'event']),
      () => '',
      () => '',
    ])();
    text += end();
  }
  if (chance(random, 0.8)) text += `${end()}${end()}`;
  return cut(random, text);
}

/** A text in pieces, small ones and large ones. */
export function cut(random, text) {
  const pieces = [];
  for (let from = 0; from < text.length; ) {
    const to = from + 1 + random.below(chance(random, 0.5) ? 6 : 300);
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

export function check(pieces) {
  const read = parts => {
    const reader = new SseReader();
    try {
      return [...parts.flatMap(part => reader.push(Buffer.from(part, 'latin1'))), ...reader.end()];
    } catch (error) {
      if (!isWeirError(error)) throw error;
      return error.code;
    }
  };
  const expected = eventsOf(pieces.join(''));
  if (!same(read(pieces), expected)) throw new Error('cut in pieces, other events are read');
  if (!same(read([pieces.join('')]), expected)) throw new Error('in one piece, other events are read');
}

function eventsOf(latin1) {
  const whole = Buffer.from(latin1, 'latin1').toString('utf8');
  // The end of the stream ends a line, and an event.
  const lines = [...(whole.startsWith('\ufeff') ? whole.slice(1) : whole).split(/\r\n|\r|\n/), ''];
  const events = [];
  let event = { name: '', data: [] };
  for (const line of lines) {
    if (line === '') {
      if (event.data.length > 0) events.push({ name: event.name, data: event.data.join('\n') });
      event = { name: '', data: [] };
      continue;
    }
    const [, field, said = ''] = /^([^:]*)(?::(.*))?$/s.exec(line);
    const text = said.startsWith(' ') ? said.slice(1) : said;
    if (field === 'data') event.data.push(text);
    else if (field === 'event') event.name = text;
  }
  return events;
}
