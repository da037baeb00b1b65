import { z } from 'zod';
import { duration, tokens } from '#contract/schema.js';

/** Placements by name: those of Weir, and the rules of other schedulers. */
export const PRESETS = [
  'prefix',
  'least_load',
  'power_of_two',
  'round_robin',
  'llm_d',
  'dynamo',
  'sglang',
  'aibrix',
] as const;
export type PresetName = (typeof PRESETS)[number];

const weight = z.number().gt(0).max(1000);
const counted = weight.describe('What its score counts beside the others.');
const objective = duration.refine(ms => ms >= 1 && ms <= 600_000, { message: 'expected at least 1ms and at most 10m' });

const scorers = z
  .strictObject({
    prefix: weight.optional().describe('Share of the prompt that the prefix cache is expected to hold.'),
    amortised_prefix: weight
      .optional()
      .describe(
        'As `prefix`, but what many requests in flight share counts less, so that hot prefixes get more holders.',
      ),
    queue: weight.optional().describe('Fewest requests whose answer has not begun.'),
    running: weight.optional().describe('Fewest answers being written.'),
    kv_use: weight.optional().describe('Most KV memory free.'),
    token_load: z
      .union([
        weight,
        z.strictObject({ weight: counted, full: tokens.describe('Tokens in flight at which the score is 0.') }),
      ])
      .optional()
      .describe('Fewest tokens in flight, on an absolute scale that ends at 4M tokens unless said.'),
    in_flight_tokens: weight.optional().describe('Fewest tokens in flight, relative to the other replicas.'),
    pending_prefill: weight.optional().describe('Fewest prompt tokens that have still to be computed.'),
    lora: weight.optional().describe('The LoRA adapter that is asked for is loaded, or has room.'),
    session: weight.optional().describe('The replica that the conversation was on last.'),
    context_fit: weight.optional().describe('The tightest context window that fits.'),
    headroom: z
      .union([
        weight,
        z.strictObject({
          weight: counted,
          ttft: objective.prefault('500ms').describe('Time to first token to stay under.'),
          tpot: objective.prefault('50ms').describe('Time per output token to stay under.'),
        }),
      ])
      .optional()
      .describe('Most left of 500ms to the first token and 50ms a token, or of what is said.'),
    energy: z
      .union([
        weight,
        z.strictObject({
          weight: counted,
          tokens_per_joule: z
            .number()
            .gt(0)
            .max(1e6)
            .describe('Objective: output tokens a joule that are enough; all replicas that reach it are alike.'),
        }),
      ])
      .optional()
      .describe('Most output tokens a joule; needs `gpu`, or simulated engines.'),
    no_hit_lru: weight.optional().describe('Cold prompts go where the last cold prompt is longest ago.'),
  })
  .refine(given => Object.values(given).some(entry => entry !== undefined), {
    message: 'expected at least one scorer',
  });

const picker = z.union([
  z.enum(['max', 'weighted_random', 'power_of_two']),
  z.strictObject({
    softmax: z
      .number()
      .min(0)
      .max(100)
      .describe('Temperature: 0 takes the best, 1 the best e times as often as the worst.'),
  }),
]);

const custom = z
  .strictObject({
    preset: z.enum(PRESETS).optional().describe('A placement by name, to be given other settings here.'),
    scorers: scorers
      .optional()
      .describe('Scorers and their weights: each scores from 0 to 1, and the weighted mean decides.'),
    picker: picker.optional().describe('Who of the scored is taken; `max` unless said. Only with `scorers`.'),
    candidates: z
      .int()
      .min(2)
      .max(1024)
      .optional()
      .describe('Most replicas that are scored for one request; 64 unless said.'),
  })
  .superRefine((entry, context) => {
    if ((entry.preset === undefined) === (entry.scorers === undefined)) {
      context.addIssue({ code: 'custom', message: 'expected exactly one of preset and scorers' });
    } else if (entry.preset !== undefined && entry.picker !== undefined) {
      context.addIssue({ code: 'custom', path: ['picker'], message: 'a preset has its own picker' });
    }
  });

/** `placement:` of a pool. */
export const placementSchema = z
  .union([z.enum(PRESETS), custom])
  .default('prefix')
  .describe(
    'How a replica is chosen: a preset by name (`prefix` weighs cache against load; `llm_d`, `dynamo`, `sglang` and `aibrix` are the rules of those schedulers), or scorers with weights and a picker.',
  );

export type PlacementSpec = z.output<typeof placementSchema>;
export type CustomPlacement = z.output<typeof custom>;
export type ScorerSettings = NonNullable<CustomPlacement['scorers']>;
export type PickerSettings = NonNullable<CustomPlacement['picker']>;

/** A placement in a few words: the preset, or the scorers and their weights. */
export function describePlacement(spec: PlacementSpec): string {
  if (typeof spec === 'string') return spec;
  if (spec.preset !== undefined) return spec.preset;
  const parts = Object.entries(spec.scorers ?? {}).flatMap(([name, entry]) =>
    entry === undefined ? [] : [`${typeof entry === 'number' ? entry : entry.weight} ${name}`],
  );
  const { picker: taken } = spec;
  return `${parts.join(' + ')}${taken === undefined ? '' : `, ${typeof taken === 'string' ? taken : `softmax ${taken.softmax}`}`}`;
}

/** Whether a placement weighs context windows itself, so that pools of different windows are one tier. */
export function weighsContext(spec: PlacementSpec): boolean {
  return typeof spec !== 'string' && spec.scorers?.context_fit !== undefined;
}

/** Placements by name that look at no prefix. */
const BLIND: readonly PresetName[] = ['least_load', 'power_of_two', 'round_robin'];

/** Whether a placement asks how much of a prompt a replica holds. */
export function readsPrefix(spec: PlacementSpec): boolean {
  const preset = typeof spec === 'string' ? spec : spec.preset;
  if (preset !== undefined) return !BLIND.includes(preset);
  const scorers = typeof spec === 'string' ? undefined : spec.scorers;
  return (
    scorers?.prefix !== undefined ||
    scorers?.amortised_prefix !== undefined ||
    scorers?.no_hit_lru !== undefined ||
    scorers?.headroom !== undefined
  );
}
