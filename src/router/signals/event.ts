import { z } from 'zod';
import type { Clock } from '#contract/clock.js';
import type { InferenceRequest } from '#contract/request.js';
import { duration } from '#contract/schema.js';
import type { SignalValue, Truth } from '#contract/signal.js';
import { levelOf, readSeverity, SEVERITIES } from './event-severity.js';
import { evidence, MAX_EVIDENCE, quoted } from './evidence.js';
import type { OptionProblem, SignalType } from './signal-type.js';
import { readTimestamp } from './timestamp.js';

const MAX_NAMES = 256;

const names = z.array(z.string().trim().min(1).max(128)).min(1).max(MAX_NAMES);
const severity = z.enum(SEVERITIES);

const schema = z
  .strictObject({
    types: names.optional().describe('True when the event is of one of these types; `payment.*` is all that begin so.'),
    actions: names.optional().describe('True when the action code is one of these; `*` at the end as for types.'),
    severity: z
      .strictObject({
        at_least: severity.optional().describe('True when the event is at least so severe.'),
        at_most: severity.optional().describe('True when it is at most so severe.'),
      })
      .refine(({ at_least, at_most }) => at_least ?? at_most, { message: 'at least one of at_least, at_most' })
      .optional()
      .describe('How severe the event is.'),
    deadline: z
      .union([
        z.boolean(),
        z
          .strictObject({
            within: duration.optional().describe('True when no more than this is left.'),
            overdue: z.boolean().optional().describe('Whether it has to be past, or must not be. Either, unless said.'),
          })
          .refine(({ within, overdue }) => within !== undefined || overdue !== undefined, {
            message: 'at least one of within, overdue',
          }),
      ])
      .optional()
      .describe('When it has to be dealt with; `true`: that it says so at all.'),
    prefix: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,31}$/, 'a name of small letters, digits and _')
      .default('event')
      .describe(
        'What the names begin with: the field `event_severity` of the metadata, else the header `x-event-severity`.',
      ),
  })
  .refine(({ types, actions, severity: severe, deadline }) => types ?? actions ?? severe ?? deadline !== undefined, {
    message: 'at least one of types, actions, severity, deadline',
  });

type EventOptions = z.output<typeof schema>;

/** What an event says of itself that a machine has attached to its request. */
export const event: SignalType<EventOptions> = {
  type: 'event',
  summary: 'Type, severity, action code and deadline of the event that a request is about, from metadata or headers.',
  scoreMeaning: 'severity, from 1 for debug to 8 for emergency; 0 when none is given that is known',
  labelMeaning: 'type of the event, in lower case',
  cost: { tier: 'inline', microseconds: 1 },
  schema,
  check: ({ types = [], actions = [], severity: severe }) => [
    ...twice(types, 'types'),
    ...twice(actions, 'actions'),
    ...emptySeverity(severe),
  ],
  build: (name, options, { clock }) => {
    const reader = new EventReader(options, clock);
    return { name, type: 'event', cost: event.cost, evaluate: ({ request }) => reader.evaluate(request) };
  },
};

function twice(given: readonly string[], key: string): OptionProblem[] {
  const lower = given.map(name => name.toLowerCase());
  return lower.flatMap((name, index): OptionProblem[] =>
    lower.indexOf(name) === index
      ? []
      : [{ code: 'config.duplicate', path: [key, index], message: `${JSON.stringify(given[index])} stands twice` }],
  );
}

function emptySeverity(range: EventOptions['severity']): OptionProblem[] {
  const { at_least, at_most } = range ?? {};
  if (at_least === undefined || at_most === undefined || levelOf(at_least) <= levelOf(at_most)) return [];
  const message = `nothing is at least ${at_least} and at most ${at_most}`;
  return [{ code: 'config.range', path: ['severity'], message, hint: `from ${SEVERITIES.join(', ')}` }];
}

/** One property of an event: where it is read, and what has to hold of it. */
interface Criterion {
  readonly field: string;
  readonly header: string;
  /** What it comes to when the event does not say. */
  readonly absent: Truth;
  judge(value: string): Truth;
}

class EventReader {
  private readonly type: Criterion;
  private readonly level: Criterion;
  private readonly criteria: readonly Criterion[];

  constructor(options: EventOptions, clock: Clock) {
    const { prefix, types, actions, severity: severe, deadline } = options;
    const criterion = (what: string, judge: Criterion['judge'], absent: Truth = 'false'): Criterion => ({
      field: `${prefix}_${what}`,
      header: `x-${prefix.replaceAll('_', '-')}-${what}`,
      absent,
      judge,
    });
    this.type = criterion('type', types === undefined ? () => 'true' : named(types));
    this.level = criterion('severity', severe === undefined ? () => 'true' : within(severe));
    this.criteria = [
      ...(types === undefined ? [] : [this.type]),
      ...(actions === undefined ? [] : [criterion('action', named(actions))]),
      ...(severe === undefined ? [] : [this.level]),
      ...(deadline === undefined
        ? []
        : [criterion('deadline', due(deadline, clock), deadline === false ? 'true' : 'false')]),
    ];
  }

  evaluate(request: InferenceRequest): SignalValue {
    let state: Truth = 'true';
    let said = '';
    for (const criterion of this.criteria) {
      const value = stated(request, criterion);
      const holds = value === undefined ? criterion.absent : criterion.judge(value);
      // What decides is what is said: the first that is false, else the first that cannot be told.
      if (said === '' || (holds !== 'true' && (state === 'true' || holds === 'false'))) {
        said = `${criterion.field} ${value === undefined ? 'absent' : quoted(value)}`;
      }
      if (holds !== 'true') state = holds;
      if (state === 'false') break;
    }
    const level = stated(request, this.level);
    const score = (level === undefined ? undefined : readSeverity(level)) ?? 0;
    const label = stated(request, this.type)?.trim().toLowerCase();
    const shown = evidence(said);
    return label === undefined || label.length > MAX_EVIDENCE
      ? { state, score, evidence: shown }
      : { state, score, label, evidence: shown };
  }
}

function stated({ metadata, caller }: InferenceRequest, { field, header }: Criterion): string | undefined {
  if (Object.hasOwn(metadata, field)) return metadata[field];
  return Object.hasOwn(caller.headers, header) ? caller.headers[header] : undefined;
}

function named(given: readonly string[]): Criterion['judge'] {
  const lower = given.map(name => name.toLowerCase());
  const whole = new Set(lower);
  const beginnings = lower.filter(name => name.endsWith('*')).map(name => name.slice(0, -1));
  return value => {
    const name = value.trim().toLowerCase();
    return whole.has(name) || beginnings.some(beginning => name.startsWith(beginning)) ? 'true' : 'false';
  };
}

function within({
  at_least = 'debug',
  at_most = 'emergency',
}: NonNullable<EventOptions['severity']>): Criterion['judge'] {
  const low = levelOf(at_least);
  const high = levelOf(at_most);
  return value => {
    const level = readSeverity(value);
    if (level === undefined) return 'unknown';
    return level >= low && level <= high ? 'true' : 'false';
  };
}

function due(wanted: NonNullable<EventOptions['deadline']>, clock: Clock): Criterion['judge'] {
  if (typeof wanted === 'boolean') return () => (wanted ? 'true' : 'false');
  const { within: most = Number.POSITIVE_INFINITY, overdue } = wanted;
  return value => {
    const time = readTimestamp(value);
    if (time === undefined) return 'unknown';
    const left = time - clock.wall();
    return left <= most && (overdue === undefined || left < 0 === overdue) ? 'true' : 'false';
  };
}
