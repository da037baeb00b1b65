import type { Random } from '#contract/random.js';
import type { Tokens } from '#contract/units.js';
import type { FinishReason, ToolCall } from '#engine-server/backend.js';

/** An answer, known whole before its first token is due: a piece for each token. */
export interface Answer {
  readonly pieces: readonly string[];
  readonly finish: FinishReason;
  /** When set, the pieces are the arguments of this call. */
  readonly call?: ToolCall;
  /** So many of the first pieces are thoughts, not answer. */
  readonly thoughts?: Tokens;
}

export interface AnswerLimits {
  /** No answer is longer. */
  readonly most: Tokens;
  /** It is at least this long, but for `most` and a stop text. */
  readonly least: Tokens;
  /** Median of the lengths drawn. */
  readonly median: Tokens;
  /** Run up to `most`, whatever length was drawn. */
  readonly ignoreEnd: boolean;
  /** Texts at which it ends, themselves left out. */
  readonly stop: readonly string[];
}

/** Spread of the log of lengths: a 90th percentile at 2.2 times the median. */
const LENGTH_SIGMA = 0.6;

const WORDS = (
  'the river runs over the weir and parts into pools where water waits until a gate lifts so that each field below gets ' +
  'its share while stones hold the bank and reeds bend with the flow in slow bright turns past mill and meadow toward ' +
  'a wide calm reach that keeps its level through rain or drought by letting go just as much as arrives from the hills'
).split(' ');

/** An answer in words, which begins by saying that no model wrote it. The same draws give the same answer. */
export function composeText(random: Random, limits: AnswerLimits, opening: string): Answer {
  const start = opening.split(/(?=\s)/);
  const drawn = Math.round(limits.median * Math.exp(LENGTH_SIGMA * normal(random)));
  const wanted = limits.ignoreEnd ? limits.most : Math.max(start.length, limits.least, drawn);
  const length = Math.min(wanted, limits.most);
  const pieces = start.slice(0, length);
  for (let sentence = 0; pieces.length < length; ) {
    const word = WORDS[random.below(WORDS.length)]!;
    const first = sentence === 0;
    sentence = sentence < 6 || random.next() < 0.8 ? sentence + 1 : 0;
    pieces.push(` ${first ? word[0]!.toUpperCase() + word.slice(1) : word}${sentence === 0 ? '.' : ''}`);
  }
  return cutAtStop({ pieces, finish: length < wanted || limits.ignoreEnd ? 'length' : 'stop' }, limits.stop);
}

const THOUGHTS = "Weir's simulated engine thinks nothing; this stands where thoughts would.".split(/(?=\s)/);

/** An answer with thoughts before it, as far as the limit has room for both. */
export function withThoughts(answer: Answer, most: Tokens): Answer {
  const pieces = [...THOUGHTS, ...answer.pieces].slice(0, most);
  const finish = pieces.length < THOUGHTS.length + answer.pieces.length ? 'length' : answer.finish;
  return { ...answer, pieces, finish, thoughts: Math.min(THOUGHTS.length, pieces.length) };
}

/** A call of a tool with arguments that have the form, though not the meaning, that its schema asks for. */
export function composeCall(call: ToolCall, schema: unknown, most: Tokens): Answer {
  const text = JSON.stringify(objectFor(schema, 0));
  const pieces = text.match(/.{1,4}/gsu) ?? ['{}'];
  return pieces.length <= most
    ? { pieces, finish: 'tool_calls', call }
    : { pieces: pieces.slice(0, most), finish: 'length', call };
}

function cutAtStop(answer: Answer, stop: readonly string[]): Answer {
  const text = answer.pieces.join('');
  const ends = stop.map(one => (one === '' ? -1 : text.indexOf(one))).filter(at => at >= 0);
  if (ends.length === 0) return answer;
  let left = Math.min(...ends);
  const pieces: string[] = [];
  for (const piece of answer.pieces) {
    if (left <= 0) break;
    pieces.push(piece.slice(0, left));
    left -= piece.length;
  }
  return { pieces: pieces.length === 0 ? [''] : pieces, finish: 'stop' };
}

/** Standard normal, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

const MOST_PROPERTIES = 32;
const DEEPEST = 4;

function objectFor(schema: unknown, depth: number): Record<string, unknown> {
  if (!isObject(schema) || !isObject(schema.properties)) return {};
  const { properties } = schema;
  const required = Array.isArray(schema.required) ? schema.required : Object.keys(properties);
  const names = required.filter((name): name is string => typeof name === 'string' && Object.hasOwn(properties, name));
  return Object.fromEntries(names.slice(0, MOST_PROPERTIES).map(name => [name, valueFor(properties[name], depth + 1)]));
}

function valueFor(schema: unknown, depth: number): unknown {
  if (!isObject(schema) || depth > DEEPEST) return null;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0];
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'number':
    case 'integer':
      return typeof schema.minimum === 'number' ? schema.minimum : 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    case 'object':
      return objectFor(schema, depth);
    case 'string':
      return 'simulated';
    default:
      return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
