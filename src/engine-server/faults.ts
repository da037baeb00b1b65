import { z } from 'zod';
import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import { duration, share } from '#contract/schema.js';
import { issueText } from '#contract/schema-issue.js';
import type { Milliseconds } from '#contract/units.js';

/**
 * What can be made to go wrong. `error`: an HTTP error instead of an answer. `hang_up`: the connection is closed before any byte.
 * `cut`: it is closed in the middle of the answer. `stall`: the answer stops in the middle, the connection stays open.
 * `slow`: the answer comes `factor` times slower.
 */
export const FAULT_KINDS = ['error', 'hang_up', 'cut', 'stall', 'slow'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault as `POST /faults` takes it. `none` ends them all. */
export const faultSchema = z.strictObject({
  kind: z.enum([...FAULT_KINDS, 'none']).describe('What goes wrong; none ends all faults.'),
  share: share.default(1).describe('Share of requests it happens to.'),
  factor: z.number().gt(1).max(1000).default(4).describe('For slow: how many times slower.'),
  after_tokens: z.int().min(0).max(1_000_000).default(3).describe('For cut and stall: tokens that still come.'),
  status: z.int().min(400).max(599).default(503).describe('For error: the HTTP status.'),
  for: duration.optional().describe('How long it lasts; until it is ended, unless said.'),
});

export type FaultInput = z.input<typeof faultSchema>;
export type Fault = Omit<z.output<typeof faultSchema>, 'kind' | 'for'> & { readonly kind: FaultKind };

/** The faults of one simulated engine: at most one of each kind. Which requests they happen to is drawn from a seeded source. */
export class Faults {
  private readonly active = new Map<FaultKind, { readonly fault: Fault; readonly until: Milliseconds }>();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** @throws WeirError `request.invalid` for what is no fault. */
  set(input: unknown): void {
    const parsed = faultSchema.safeParse(input);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const path = issue?.path.join('.') ?? '';
      throw new WeirError(
        'request.invalid',
        `Not a fault: ${issue === undefined ? 'unknown' : issueText(issue, input)}`,
        path === '' ? {} : { path },
      );
    }
    const { kind, for: lasting, ...rest } = parsed.data;
    if (kind === 'none') this.active.clear();
    else if (rest.share === 0) this.active.delete(kind);
    else
      this.active.set(kind, {
        fault: { kind, ...rest },
        until: this.clock.now() + (lasting ?? Number.POSITIVE_INFINITY),
      });
  }

  /** The faults in force. */
  list(): readonly Fault[] {
    const now = this.clock.now();
    for (const [kind, { until }] of this.active) if (until <= now) this.active.delete(kind);
    return [...this.active.values()].map(({ fault }) => fault);
  }

  /** What happens to the next request, if anything. */
  draw(): Fault | undefined {
    if (this.active.size === 0) return undefined;
    return this.list().find(fault => this.random.next() < fault.share);
  }
}

/**
 * A fault as the command line writes it, `kind[:share[:detail]]`, where the detail is the factor of `slow`, the status of `error`,
 * the tokens of `cut` and `stall`: `slow:0.5:4`, `error:0.2:500`, `cut`.
 *
 * @throws WeirError `usage.invalid`.
 */
export function parseFault(text: string): FaultInput {
  const [kind, chance, detail, ...rest] = text.split(':');
  const key = { slow: 'factor', error: 'status', cut: 'after_tokens', stall: 'after_tokens' }[kind ?? ''];
  const spec = {
    kind,
    ...(chance === undefined ? undefined : { share: Number(chance) }),
    ...(detail === undefined ? undefined : { [key ?? 'detail']: Number(detail) }),
  };
  const parsed = faultSchema.safeParse(spec);
  if (parsed.success && parsed.data.kind !== 'none' && rest.length === 0) return spec as FaultInput;
  throw new WeirError('usage.invalid', `"${text}" is no fault.`, {
    hint: `kind[:share[:detail]], such as slow:0.5:4 or cut:0.1, kind one of ${FAULT_KINDS.join(', ')}`,
  });
}
