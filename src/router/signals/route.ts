import { z } from 'zod';
import { identifier, share } from '#contract/schema.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { scopeSchema } from './scope.js';
import type { SignalType } from './signal-type.js';
import { whenBusySchema } from './when-busy.js';

const names = z.array(identifier).min(1).max(64);

const schema = z
  .union([
    identifier,
    names,
    z.strictObject({
      any: names.optional().describe('True when the text belongs to one of these routes; without it, to any.'),
      above: share.default(0.5).describe('True when the likeliest of these routes is likelier than this.'),
      below: share
        .default(0.3)
        .describe('False when all of them are less likely than this; in between the signal is unknown.'),
      when_busy: whenBusySchema,
      in: scopeSchema,
    }),
  ])
  .meta({ examples: ['refund', ['refund', 'complaint'], { any: ['refund'], above: 0.7 }] });

type RouteOptions = z.output<typeof schema>;

/** Which of the routes of the configuration the text belongs to. */
export const route: SignalType<RouteOptions> = {
  type: 'route',
  summary: 'Which of `router.routes`, each told by a few examples, the text belongs to.',
  scoreMeaning: 'calibrated probability that the text belongs to the routes that are asked for',
  labelMeaning: 'the likeliest route, where the text belongs to one',
  cost: LEARNED_COST,
  schema,
  check: options =>
    typeof options === 'object' && 'below' in options && options.below > options.above
      ? [
          {
            code: 'config.range',
            path: ['below'],
            message: 'nothing is below this and not above',
            hint: 'at most above',
          },
        ]
      : [],
  build(name, options, { learned }) {
    const full =
      typeof options === 'object' && 'above' in options
        ? options
        : { above: 0.5, below: 0.3, when_busy: undefined, in: 'last_user' as const };
    const wanted = wantedRoutes(options);
    return learnedSignal(name, 'route', learned.routes(), {
      wanted: wanted.length === 0 ? undefined : wanted,
      together: 'likeliest',
      above: full.above,
      below: full.below,
      scope: full.in,
      whenBusy: full.when_busy ?? learned.whenBusy,
    });
  },
};

/** The routes that a signal of this type asks for by name. */
export function wantedRoutes(options: unknown): readonly string[] {
  const given = options as RouteOptions;
  return typeof given === 'string' ? [given] : Array.isArray(given) ? given : (given.any ?? []);
}
