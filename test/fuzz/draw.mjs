/** Small things to draw: every target's grammar is made of them. All text is bytes, one character each (latin1). */

export const pick = (random, list) => list[random.below(list.length)];
export const chance = (random, share) => random.next() < share;
export const bytes = text => Buffer.from(text, 'utf8').toString('latin1');

export function shuffled(random, list) {
  const out = [...list];
  for (let at = out.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [out[at], out[other]] = [out[other], out[at]];
  }
  return out;
}

export const space = random => (chance(random, 0.8) ? '' : pick(random, [' ', '\n', '\r\n', '\t', '   ']));

const PIECES = [
  ...[
    'a',
    'hello',
    ' ',
    '',
    '\\"',
    '\\\\',
    '\\/',
    '\\n',
    '\\u0000',
    '\\ud83d\\ude00',
    '\\ud800',
    '\\u0061',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
  ],
  ...[
    '\\"model\\":',
    '\\"messages\\"',
    'data: ',
    '[DONE]',
    bytes('é'),
    bytes('😀'),
    bytes('文字'),
    bytes('\u2028'),
    "'",
    'model',
    'usage',
  ],
];

/** The inside of a JSON string, escaped. */
export function words(random, most = 5) {
  let out = '';
  for (let left = random.below(most + 1); left > 0; left--) out += pick(random, PIECES);
  return out;
}

export const string = random => `"${words(random)}"`;

export const number = random =>
  pick(random, ['0', '1', '-1', '7', '0.5', '1e3', '1E-7', '-0', '1e999', '123456789012345678901', '4096', '2.50']);

/** Any JSON value, nested a little. */
export function value(random, depth = 0) {
  const kind = random.below(depth > 3 ? 5 : 7);
  if (kind < 2) return string(random);
  if (kind === 2) return number(random);
  if (kind === 3) return pick(random, ['true', 'false']);
  if (kind === 4) return 'null';
  const items = Array.from({ length: random.below(4) }, () => value(random, depth + 1));
  if (kind === 5) return `[${space(random)}${items.join(`${space(random)},${space(random)}`)}${space(random)}]`;
  return object(
    random,
    items.map(item => [key(random), item]),
  );
}

export const key = random =>
  chance(random, 0.5)
    ? pick(random, [
        'x',
        'model',
        'messages',
        'usage',
        '__proto__',
        'constructor',
        'a b',
        'stream',
        'content',
        'choices',
      ])
    : words(random, 2);

export function object(random, entries) {
  const members = entries.map(([name, item]) => `"${name}"${space(random)}:${space(random)}${item}`);
  return `{${space(random)}${members.join(`${space(random)},${space(random)}`)}${space(random)}}`;
}

/** A number that the text alone decides: what a check draws must be the same when it is run again. */
export function hashOf(pieces) {
  let hash = 2_166_136_261;
  for (const piece of pieces)
    for (let at = 0; at < piece.length; at++) hash = Math.imul(hash ^ piece.charCodeAt(at), 16_777_619);
  return hash >>> 0;
}
