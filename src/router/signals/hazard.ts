import { z } from 'zod';
import { share } from '#contract/schema.js';
import type { SignalValue } from '#contract/signal.js';
import { safetyClassifier } from '#router/safety/classifiers.js';
import { HAZARDS } from '#router/safety/hazard-classifier.js';
import { evidence } from './evidence.js';
import { evaluatorOf, type PieceVerdict } from './safety-signal.js';
import type { SignalType } from './signal-type.js';
import { whenBusySchema } from './when-busy.js';

const hazardName = z.enum(HAZARDS).meta({ title: 'hazard' });

const schema = z.strictObject({
  any: z
    .array(hazardName)
    .min(1)
    .max(HAZARDS.length)
    .optional()
    .describe('True for these groups; for any unless said.'),
  above: share.default(0.4).describe('True when they are together likelier than this.'),
  in: z.enum(['last_user', 'user', 'content', 'all']).default('last_user').describe('What is read, as of `jailbreak`.'),
  when_busy: whenBusySchema,
});

type HazardOptions = z.output<typeof schema>;

/** What kind of hazard a request is, where it is one. */
export const hazard: SignalType<HazardOptions> = {
  type: 'hazard',
  summary: 'What kind of hazard a request is, of the groups of AILuminate; asked only where `unsafe` fires.',
  scoreMeaning: 'probability of the groups that are asked for, together',
  labelMeaning: 'the likeliest group, where the request is unsafe',
  labels: HAZARDS,
  cost: { tier: 'learned', microseconds: 2000 },
  schema,
  build: (name, options, { learned }) =>
    evaluatorOf(name, 'hazard', safetyClassifier('hazard', learned), {
      options,
      whenBusy: options.when_busy ?? learned.whenBusy,
      tell: verdicts => toldOf(verdicts, options),
    }),
};

function toldOf(verdicts: readonly PieceVerdict[], { any, above }: HazardOptions): SignalValue {
  const places = (any ?? HAZARDS).map(name => HAZARDS.indexOf(name));
  const scores = verdicts.map(({ verdict }) => places.reduce((sum, at) => sum + (verdict.probabilities[at] ?? 0), 0));
  const at = scores.indexOf(Math.max(...scores));
  const score = Math.round(scores[at]! * 1e4) / 1e4;
  const { verdict } = verdicts[at]!;
  const label = HAZARDS[verdict.best];
  const said = evidence(
    label === undefined ? 'safe' : `${label} ${(verdict.probabilities[verdict.best] ?? 0).toFixed(2)}`,
  );
  if (score > above)
    return { state: 'true', score, tier: verdict.tier, evidence: said, ...(label !== undefined && { label }) };
  const untold = verdicts.find(one => !one.verdict.sure)?.verdict;
  if (untold !== undefined)
    return { state: 'unknown', score, tier: untold.tier, evidence: evidence(untold.reason ?? 'not sure') };
  return { state: 'false', score, tier: verdict.tier, evidence: said };
}
