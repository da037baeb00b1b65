import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Limits } from '#contract/identity.js';
import { parseDuration } from '#contract/units.js';
import { integer } from './options.js';

/** Limits and budgets as keys, teams and users have them, on the command line. */
export interface GovernedOptions {
  readonly allow?: readonly string[];
  readonly budget?: readonly object[];
  readonly rpm?: number;
  readonly tpm?: number;
  readonly concurrency?: number;
  readonly disable?: true;
  readonly enable?: true;
  readonly timeZone: string;
}

export function withGovernedOptions(command: Command): Command {
  return command
    .option(
      '--allow <model>',
      'a model that may be used, real or virtual, or a glob; may be given more than once',
      collect,
    )
    .option('--budget <amount>', 'such as 100usd/month, 2Mtokens/day, 5usd/total; may be given more than once', budget)
    .option('--time-zone <zone>', 'where days, weeks and months begin', 'UTC')
    .option('--rpm <n>', 'requests in any 60 seconds', integer)
    .option('--tpm <n>', 'tokens in any 60 seconds', integer)
    .option('--concurrency <n>', 'requests at once', integer)
    .addOption(new Option('--disable', 'refuse its calls').conflicts('enable'))
    .option('--enable', 'take its calls again');
}

/** The form that the options make: only what was said. */
export function governedForm(options: GovernedOptions): object {
  const { allow, budget: budgets, rpm, tpm, concurrency, timeZone } = options;
  const limits = { requestsPerMinute: rpm, tokensPerMinute: tpm, concurrency };
  const limited = Object.values(limits).some(limit => limit !== undefined);
  return {
    ...(allow === undefined ? undefined : { models: allow }),
    ...(budgets === undefined ? undefined : { budgets: budgets.map(entry => ({ ...entry, timeZone })) }),
    ...(limited ? { limits: JSON.parse(JSON.stringify(limits)) as object } : undefined),
    ...(options.disable === undefined ? undefined : { disabled: true }),
    ...(options.enable === undefined ? undefined : { disabled: false }),
  };
}

const BUDGET = /^\$?(\d+(?:\.\d+)?)\s*(k|m)?\s*(usd|tokens?)\/(hour|day|week|month|total)$/i;

function budget(text: string, before: readonly object[] = []): readonly object[] {
  const match = BUDGET.exec(text.trim());
  if (match === null)
    throw new InvalidArgumentError('Expected AMOUNT and window, such as 100usd/month or 2Mtokens/day.');
  const [, number, scale = '', unit = '', window = ''] = match;
  const amount = Number(number) * ({ k: 1e3, m: 1e6 }[scale.toLowerCase()] ?? 1);
  return [...before, { unit: /usd/i.test(unit) ? 'usd' : 'tokens', amount, window: window.toLowerCase() }];
}

/** Reads a duration with a unit. */
export function durationOption(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('Expected a duration with a unit, such as 12h or 90d.');
  return ms;
}

export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Aligns columns for people. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  }
  return rows
    .map(
      row =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** An entity's budgets and limits in a few words. */
export function inWords(entity: {
  readonly budgets: readonly { readonly unit: string; readonly amount: number; readonly window: string }[];
  readonly limits: Limits;
}): string {
  const budgets = entity.budgets.map(({ unit, amount, window }) => `${amount} ${unit}/${window}`);
  const { requestsPerMinute: rpm, tokensPerMinute: tpm, concurrency } = entity.limits;
  const limits = [
    ...(rpm === undefined ? [] : [`${rpm} rpm`]),
    ...(tpm === undefined ? [] : [`${tpm} tpm`]),
    ...(concurrency === undefined ? [] : [`${concurrency} at once`]),
  ];
  return [...budgets, ...limits].join(', ');
}
