/** Whole Chat Completions answers: the facts picked out of the text are those that parsing finds. */
import { answerFacts } from '../../../dist/protocols/openai/chat-answer.js';
import { chance, object, pick, shuffled, space, string } from '../draw.mjs';
import { same } from '../same.mjs';

export const name = 'chat-answer';

export function generate(random) {
  const count = () => pick(random, ['0', '3', '17', '1000000', '0.5', '1e3', '-4', 'null', '"5"']);
  const choice = () =>
    object(
      random,
      shuffled(random, [
        ['index', '0'],
        [
          'message',
          object(random, [
            ['role', '"assistant"'],
            ['content', string(random)],
          ]),
        ],
        ['finish_reason', pick(random, ['"stop"', '"length"', 'null', '"tool_calls"', '"a b"'])],
      ]),
    );
  const details = chance(random, 0.5)
    ? [
        [
          'prompt_tokens_details',
          pick(random, ['null', `{"cached_tokens":${pick(random, ['0', '16', 'null', '-4'])}}`]),
        ],
      ]
    : [];
  const usage = object(
    random,
    shuffled(random, [
      ['prompt_tokens', count()],
      ['completion_tokens', count()],
      ['total_tokens', count()],
      ...details,
    ]),
  );
  const entries = [
    ['id', string(random)],
    ['choices', `[${space(random)}${choice()}${chance(random, 0.2) ? `,${choice()}` : ''}]`],
  ];
  if (chance(random, 0.9)) entries.push(['usage', chance(random, 0.9) ? usage : 'null']);
  if (chance(random, 0.3)) entries.push(['model', string(random)]);
  return [object(random, shuffled(random, entries)) + space(random)];
}

/** Only the grammar's own cases are compared: what no engine writes may be read in either way, but never with an exception. */
export function check([text = ''], { mutated }) {
  const facts = answerFacts(text);
  const usage = facts?.usage;
  if (usage !== undefined)
    for (const count of Object.values(usage))
      if (!Number.isInteger(count) || count < 0 || count > 1e12) throw new Error(`a count of ${count}`);
  if (facts?.finish !== undefined && !/^[a-z_]{1,32}$/.test(facts.finish))
    throw new Error('a finish reason that is none');
  if (mutated) return;
  const expected = reference(text, facts?.finish);
  if (expected !== undefined && !same(facts, expected)) throw new Error('other facts than parsing finds');
}

/** @param said the finish reason that was found: where the first of several choices has none, that of another will do. */
function reference(text, said) {
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const natural = value => (Number.isInteger(value) && value >= 0 && value < 1e12 ? value : undefined);
  const prompt = natural(parsed.usage?.prompt_tokens);
  const first = parsed.choices[0].finish_reason;
  const finish =
    typeof first === 'string' ? first : parsed.choices.map(one => one.finish_reason).find(one => one === said);
  return {
    usage:
      prompt === undefined
        ? undefined
        : {
            promptTokens: prompt,
            completionTokens: natural(parsed.usage.completion_tokens) ?? 0,
            cachedTokens: natural(parsed.usage.prompt_tokens_details?.cached_tokens) ?? 0,
          },
    finish: typeof finish === 'string' && /^[a-z_]{1,32}$/.test(finish) ? finish : undefined,
  };
}
