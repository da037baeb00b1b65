import { z } from 'zod';
import { tokens } from '#contract/schema.js';
import type { SignalType } from './signal-type.js';

const schema = z
  .strictObject({
    above: tokens.optional().describe('True when the prompt is estimated at more tokens than this.'),
    below: tokens.optional().describe('True when the prompt is estimated at fewer tokens than this.'),
  })
  .refine(({ above, below }) => above !== undefined || below !== undefined, {
    message: 'at least one of above, below',
  });

type ContextOptions = z.output<typeof schema>;

/** How long the prompt is, in tokens. */
export const context: SignalType<ContextOptions> = {
  type: 'context',
  summary: 'Estimated length of the prompt.',
  scoreMeaning: 'estimated prompt tokens',
  cost: { tier: 'inline', microseconds: 0.5 },
  schema,
  check: ({ above, below }) =>
    above !== undefined && below !== undefined && above + 1 >= below
      ? [{ code: 'config.range', path: ['below'], message: `no prompt is above ${above} and below ${below} tokens` }]
      : [],
  build: (name, { above = Number.NEGATIVE_INFINITY, below = Number.POSITIVE_INFINITY }) => ({
    name,
    type: 'context',
    cost: context.cost,
    evaluate: ({ profile }) => {
      const score = profile.promptTokens();
      return { state: score > above && score < below ? 'true' : 'false', score, evidence: said(score) };
    },
  }),
};

/** Signals of one request have the same count to tell. */
let lastCount = 0;
let lastSaid = '0 tokens';

function said(count: number): string {
  if (count !== lastCount) {
    lastSaid = `${count} tokens`;
    lastCount = count;
  }
  return lastSaid;
}
