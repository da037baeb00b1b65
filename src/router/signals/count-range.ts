import { z } from 'zod';

/** `true`: at least one. `false`: none. Or a range, both ends exclusive. */
export const countRangeSchema = z
  .union([
    z.boolean(),
    z.strictObject({
      above: z.int().min(0).optional().describe('True when the count is greater than this.'),
      below: z.int().min(0).optional().describe('True when the count is less than this.'),
    }),
  ])
  .meta({ title: 'count', examples: [true, { above: 3 }] });

export type CountRange = z.output<typeof countRangeSchema>;

export function inRange(count: number, range: CountRange): boolean {
  if (typeof range === 'boolean') return count > 0 === range;
  return (range.above === undefined || count > range.above) && (range.below === undefined || count < range.below);
}

/** Why nothing can be in the range; `undefined` when something can. */
export function emptyRange(range: CountRange): string | undefined {
  if (typeof range === 'boolean') return undefined;
  const { above, below } = range;
  if (above === undefined && below === undefined) return 'says neither above nor below';
  if ((above ?? -1) + 1 < (below ?? Number.POSITIVE_INFINITY)) return undefined;
  return above === undefined ? `nothing is below ${below}` : `nothing is above ${above} and below ${below}`;
}
