import { z } from 'zod';
import type { SignalValue } from '#contract/signal.js';
import { piecesIn, safetyPieces } from '#router/safety/pieces.js';
import { DISGUISES, unveil } from '#router/safety/unveil.js';
import { evidence } from './evidence.js';
import type { SignalType } from './signal-type.js';

const NAMES = DISGUISES.map(({ name }) => name);

const schema = z.strictObject({
  any: z
    .array(z.enum(NAMES as [string, ...string[]]))
    .min(1)
    .max(NAMES.length)
    .optional()
    .describe('True for these ways of hiding a text; for any unless said.'),
  in: z.enum(['last_user', 'user', 'content', 'all']).default('all').describe('What is read, as of `jailbreak`.'),
});

type DisguiseOptions = z.output<typeof schema>;

/** Whether a text holds something that a person would not see or could not read. */
export const disguise: SignalType<DisguiseOptions> = {
  type: 'disguise',
  summary:
    'Whether a text holds something hidden: invisible characters, look-alike letters, base64, hexadecimal, ROT13, leetspeak.',
  scoreMeaning: 'how many ways of hiding were found',
  labelMeaning: 'the first of them',
  labels: NAMES,
  cost: { tier: 'inline', microseconds: 60 },
  schema,
  build: (name, { any = NAMES, in: scope }) => ({
    name,
    type: 'disguise',
    cost: disguise.cost,
    evaluate({ request }): SignalValue {
      const found = new Set(
        piecesIn(safetyPieces(request), scope).flatMap(({ text }) => unveil(text).findings.map(({ rule }) => rule)),
      );
      const wanted = any.filter(rule => found.has(rule));
      const [label] = wanted;
      return label === undefined
        ? { state: 'false', score: 0, evidence: 'nothing hidden' }
        : { state: 'true', score: wanted.length, label, evidence: evidence(wanted.join(', ')) };
    },
  }),
};
