import { z } from 'zod';
import type { WhenBusy } from '#contract/learned.js';
import { share } from '#contract/schema.js';
import { type Scope, scopeSchema } from './scope.js';
import { whenBusySchema } from './when-busy.js';

/** Options of a learned signal that knows several kinds: one of them, some, or some with thresholds. */
export type Kinds<Kind extends string> =
  | Kind
  | Kind[]
  | {
      any?: Kind[] | undefined;
      above: number;
      below: number;
      when_busy?: WhenBusy | undefined;
      in: Scope;
    };

const ABOVE = 0.5;
const BELOW = 0.3;

/** The schema of {@link Kinds}, with what its members mean for this signal. */
export function kindsSchema<Kind extends string>(
  kind: z.ZodType<Kind, Kind>,
  most: number,
  said: { readonly any: string; readonly above: string; readonly below: string },
) {
  const kinds = z.array(kind).min(1).max(most);
  return z.union([
    kind,
    kinds,
    z.strictObject({
      any: kinds.optional().describe(said.any),
      above: share.default(ABOVE).describe(said.above),
      below: share.default(BELOW).describe(said.below),
      when_busy: whenBusySchema,
      in: scopeSchema,
    }),
  ]);
}

/** The options with everything said that may be left out. */
export function wholeKinds<Kind extends string>(options: Kinds<Kind>) {
  if (typeof options === 'object' && 'above' in options) {
    const { any, above, below, when_busy: whenBusy, in: scope } = options;
    return { any, above, below, whenBusy, scope };
  }
  const any = Array.isArray(options) ? options : [options];
  return { any, above: ABOVE, below: BELOW, whenBusy: undefined, scope: 'last_user' as const };
}
