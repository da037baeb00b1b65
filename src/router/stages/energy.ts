import { WeirError } from '#contract/errors.js';
import type { Candidate, EnergyLimit } from '#contract/route.js';
import { CONTINUE, type Stage } from '#contract/stage.js';
import type { Joules } from '#contract/units.js';
import type { RoutedTable } from '#router/routed.js';

interface Expected {
  readonly model: string;
  readonly joules: Joules | undefined;
  readonly fits: boolean;
}

/**
 * Keeps the models of a decision to its energy limit, by what a request is expected to take on the replica of each that would take least, and hands the limit on to
 * placement. Stands before selection, so that what is ruled out takes no share of anybody's propensity.
 *
 * @returns `undefined` where no decision has a limit.
 */
export function energyStage(table: RoutedTable): Stage | undefined {
  if (![...table.values()].some(({ energy }) => energy !== undefined)) return undefined;
  return {
    name: 'energy',
    run({ board, pool, route }) {
      const decision = table.get(route.decision);
      const energy = decision?.energy;
      if (decision === undefined || energy === undefined) return CONTINUE;
      const models = route.models.length === 0 ? decision.models : route.models;
      const { profile } = board;
      const outputTokens = profile.outputTokens.p75;
      const expected = models.map((model): Expected => {
        const { leastJoules: joules } = pool.quote(model, profile, route.constraints);
        return { model, joules, fits: joules !== undefined && keepsTo(energy.limit, joules, outputTokens) };
      });
      const account = expected.map(told).join(', ');
      const limit = limitText(energy.limit);
      route.constraints = { ...route.constraints, energy: energy.limit };
      const fitting = expected.filter(({ fits }) => fits);
      if (fitting.length > 0) {
        route.models = fitting.map(({ model }) => model);
        route.ruledOut = expected.filter(({ fits }) => !fits).map(one => ruledOut(one, limit));
        return { kind: 'continue', note: `${limit}: ${account}` };
      }
      if (energy.otherwise === 'refuse') {
        const message = `No model can answer within ${limit} (${account}).`;
        return { kind: 'refuse', error: new WeirError('route.energy', message), note: `none within ${limit}` };
      }
      const known = expected.filter(({ joules }) => joules !== undefined);
      const best = known.toSorted((a, b) => a.joules! - b.joules!)[0];
      if (best === undefined) return { kind: 'continue', note: `${limit}: nothing is known of any model` };
      route.models = [best.model];
      route.ruledOut = expected.filter(one => one !== best).map(one => ruledOut(one, limit));
      return { kind: 'continue', note: `none within ${limit}, least is ${best.model}: ${account}` };
    },
  };
}

function keepsTo({ maxJoules, minTokensPerJoule }: EnergyLimit, joules: Joules, outputTokens: number): boolean {
  return joules <= (maxJoules ?? Number.POSITIVE_INFINITY) && outputTokens >= (minTokensPerJoule ?? 0) * joules;
}

function told({ model, joules }: Expected): string {
  return `${model} ${amount(joules)}`;
}

function amount(joules: Joules | undefined): string {
  return joules === undefined ? 'unknown' : `${Number(joules.toPrecision(3))} J`;
}

function ruledOut(one: Expected, limit: string): Candidate {
  return {
    model: one.model,
    score: 0,
    propensity: 0,
    reason: `${amount(one.joules)}, beyond ${limit}`,
    eligible: false,
  };
}

function limitText({ maxJoules, minTokensPerJoule }: EnergyLimit): string {
  const parts = [
    ...(maxJoules === undefined ? [] : [`${maxJoules} J`]),
    ...(minTokensPerJoule === undefined ? [] : [`${minTokensPerJoule} tokens/J`]),
  ];
  return parts.join(' and ');
}
