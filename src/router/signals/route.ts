import type { z } from 'zod';
import { identifier } from '#contract/schema.js';
import { kindsSchema, wholeKinds } from './kinds.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { thresholdProblems } from './likelihood.js';
import type { SignalType } from './signal-type.js';

const schema = kindsSchema(identifier, 64, {
  any: 'True when the text belongs to one of these routes; without it, to any.',
  above: 'True when the likeliest of these routes is likelier than this.',
  below: 'False when all of them are less likely than this; in between the signal is unknown.',
}).meta({ examples: ['refund', ['refund', 'complaint'], { any: ['refund'], above: 0.7 }] });

type RouteOptions = z.output<typeof schema>;

/** Which of the routes of the configuration the text belongs to. */
export const route: SignalType<RouteOptions> = {
  type: 'route',
  summary: 'Which of `router.routes`, each told by a few examples, the text belongs to.',
  scoreMeaning: 'calibrated probability that the text belongs to the routes that are asked for',
  labelMeaning: 'the likeliest route, where the text belongs to one',
  cost: LEARNED_COST,
  schema,
  check: thresholdProblems,
  build(name, options, { learned }) {
    const { any: wanted, above, below, whenBusy = learned.whenBusy, scope } = wholeKinds(options);
    return learnedSignal(name, 'route', learned.routes(), {
      wanted,
      together: 'likeliest',
      above,
      below,
      scope,
      whenBusy,
    });
  },
};

/** The routes that a signal of this type asks for by name. */
export function wantedRoutes(options: unknown): readonly string[] {
  const given = options as RouteOptions;
  return typeof given === 'string' ? [given] : Array.isArray(given) ? given : (given.any ?? []);
}
