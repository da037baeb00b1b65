// Bodies of multi-turn OpenAI chat requests: several applications with their own system prompt, conversations that grow turn by
// turn over the same history, so that prefix placement, token estimates and signals have real work. Seeded: the same every run.

/** Length of a conversation at each of its turns, as a share of the mean. */
const SHARES = [0.65, 0.75, 0.85, 0.95, 1.05, 1.15, 1.25, 1.35];
/** Below 2 kB a turn is a large part of the whole. */
const SHORT_SHARES = [0.7, 1, 1.3];
const CONVERSATIONS = 64;
const APPLICATIONS = 8;
/** Bound on the memory of one size. */
const BUDGET_BYTES = 32 * 1024 * 1024;

const WORDS =
  'the a of to and in is it that for with as on was at by be this from are or an we have can not but they which you more one if about when there all would their what so up out them then some could other into new over time people way water work first also after back use two how our well even because any these give most us river level gate pool request answer model price queue cache token question report table customer order invoice travel city train weather recipe garden history science number result method example paragraph summary translate explain compare describe suggest improve review function variable array string error test deploy server memory latency budget contract patient teacher student music film football energy engine bridge mountain forest island market'.split(
    ' ',
  );

/** Mulberry32: small, seeded, good enough to choose words by. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function prose(next, length) {
  let text = '';
  let sentence = 0;
  while (text.length < length) {
    const word = WORDS[Math.floor(next() * WORDS.length)];
    if (sentence === 0) text += word[0].toUpperCase() + word.slice(1);
    else text += ` ${word}`;
    sentence++;
    if (sentence > 6 && next() < 0.12) {
      const end = next();
      // As in real text, some characters that JSON escapes and some outside ASCII.
      text += end < 0.1 ? ' — "naïve".\n\n' : end < 0.25 ? '.\n' : end < 0.35 ? '? ' : '. ';
      sentence = 0;
    }
  }
  return text.trimEnd();
}

/**
 * The bodies of one size, in the order to send them: the first turn of each conversation, then the second of each, and so on.
 *
 * @param {number} kilobytes mean length of a body; 1 kB is 1,000 bytes
 * @param {number} seed
 * @returns {{ open: Buffer, nonceAt: number }[]} each the body up to and including the messages; `nonceAt` is where eight digits
 *   of its last message may be overwritten so that no two requests are the same. {@link TAIL} completes it.
 */
export function conversations(kilobytes, seed = 1) {
  const bytes = kilobytes * 1000;
  const shares = bytes < 2000 ? SHORT_SHARES : SHARES;
  const count = Math.max(4, Math.min(CONVERSATIONS, Math.floor(BUDGET_BYTES / (bytes * shares.length))));
  const systemLength = Math.round(Math.min(2000, Math.max(60, bytes * 0.12)));
  const systems = Array.from(
    { length: APPLICATIONS },
    (_, i) => `You are assistant ${i}. ${prose(random(seed * 1000 + i), systemLength - 22)}`,
  );
  const all = Array.from({ length: count }, (_, i) =>
    grow(systems[i % APPLICATIONS], random(seed + i * 7919), bytes, shares),
  );
  return shares.flatMap((_, turn) => all.map(conversation => conversation[turn]));
}

function grow(system, next, bytes, shares) {
  const messages = [{ role: 'system', content: system }];
  let length = size(messages);
  const say = (role, share) => {
    messages.push({ role, content: prose(next, Math.max(12, share)) });
    length += size(messages.slice(-1));
  };
  return shares.map((share, turn) => {
    const target = bytes * share - 110;
    // At least two user turns before the question, so that every size is a conversation.
    if (turn === 0) {
      const room = target - length - 60;
      const exchanges = Math.max(1, Math.round(room / 4000));
      for (let i = 0; i < exchanges; i++) {
        say('user', (room / exchanges) * 0.3 - 34);
        say('assistant', (room / exchanges) * 0.7 - 39);
      }
    } else say('assistant', (target - length) * 0.5);
    const question = { role: 'user', content: `#00000000 ${prose(next, Math.max(20, target - length - 50))}` };
    messages.push(question);
    length += size([question]);
    const open = Buffer.from(`{"messages":${JSON.stringify(messages)}`);
    return { open, nonceAt: open.lastIndexOf('#00000000') + 1 };
  });
}

const size = messages => Buffer.byteLength(JSON.stringify(messages)) - 1;

/** What follows the messages: the order that the official clients send. */
export const TAIL = {
  plain: Buffer.from(',"model":"auto","max_tokens":256,"temperature":0.7}'),
  stream: Buffer.from(
    ',"model":"auto","max_tokens":256,"temperature":0.7,"stream":true,"stream_options":{"include_usage":true}}',
  ),
};
