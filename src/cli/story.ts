import { formatDuration, type Tokens } from '#contract/units.js';
import type { Explanation } from '#gateway/explain.js';

/** An explanation for a terminal: one block a step, in the order in which a request goes through the house. */
export function renderExplanation(explanation: Explanation): string {
  const { profile, signals, candidates, placement, stages, refused } = explanation;
  const lines: string[] = [];
  const block = (title: string, body: readonly string[]): void => {
    lines.push(title, ...body.map(line => `  ${line}`));
  };
  block('profile', [
    `${profile.archetype}, turn ${profile.turn}, ${profile.warmth}, ${profile.heaviness}-heavy, ${profile.modality}`.replace(
      'balanced-heavy',
      'balanced',
    ),
    `about ${profile.prompt_tokens} prompt tokens; answer ${profile.output_tokens.p50} (P50) to ${profile.output_tokens.p75} (P75)`,
  ]);
  block(
    'signals',
    table(
      Object.entries(signals).map(([name, signal]) => [
        name,
        signal.state,
        String(Number(signal.score.toFixed(3))),
        signal.label ?? '',
        signal.tier ?? '',
        formatDuration(signal.ms),
        signal.read ? '' : '(not needed)',
        signal.evidence ?? '',
      ]),
    ),
  );
  block('decision', [
    explanation.reason === ''
      ? explanation.decision
      : `${explanation.decision}: ${explanation.reason}`.replace(
          `${explanation.decision}: ${explanation.decision}:`,
          `${explanation.decision}:`,
        ),
    ...explanation.passed.map(({ decision, why }) => `passed over ${decision}: ${why}`),
  ]);
  if (refused !== undefined) block('refused', [`${refused.code}: ${refused.message}`]);
  if (candidates.length > 0) {
    block(
      'selection',
      table(
        candidates.map(({ model, score, reason }) => [
          model === explanation.selected ? `> ${model}` : `  ${model}`,
          String(Number(score.toPrecision(4))),
          reason,
        ]),
      ),
    );
  }
  if (placement !== null) {
    const { replica, prefill, losers, prefix_left_out: leftOut, prefix_tiers: tiers } = placement;
    block('placement', [
      placement.prefix_source === 'events'
        ? `${replica}, ${placement.expected_prefix_tokens} prompt tokens in its cache by its own events`
        : `${replica}, about ${placement.expected_prefix_tokens} prompt tokens in its cache`,
      ...(tiers === undefined ? [] : [tiersText(placement.expected_prefix_tokens, tiers)]),
      ...(leftOut === undefined
        ? []
        : [`${leftOut.replica} has about ${leftOut.tokens}, and could not be chosen: ${leftOut.filtered}`]),
      ...(losers.length === 0 ? [] : table(scores(placement))),
      ...(prefill === undefined ? [] : [`prompt computed on ${prefill.replica ?? replica}: ${prefill.reason}`]),
    ]);
  }
  if (explanation.cascade !== undefined)
    block('cascade', table(explanation.cascade.map(({ model, end, why }) => [model, end, why])));
  const steps = stages.map(({ stage, ms }) => `${stage} ${formatDuration(ms)}`).join(', ');
  block('time', [`${formatDuration(explanation.total_ms)}: ${steps}`]);
  return `${lines.join('\n')}\n`;
}

/** From which tier a prefix comes, and what reading it takes. */
function tiersText(
  expected: Tokens,
  { host, disk, readMs, computeMs }: NonNullable<NonNullable<Explanation['placement']>['prefix_tiers']>,
): string {
  const places = [
    `${Math.max(0, expected - host - disk)} of them on its GPUs`,
    ...(host > 0 ? [`${host} in its host's memory`] : []),
    ...(disk > 0 ? [`${disk} in storage`] : []),
  ];
  const read = readMs === undefined ? '' : `; reading takes ${formatDuration(readMs)}`;
  const instead =
    computeMs === undefined ? '' : `${read === '' ? '; ' : ', '}computing takes ${formatDuration(computeMs)}`;
  return `${places.join(', ')}${read}${instead}`;
}

/** A row for each replica that was in the running: its score, what that is made of, and why it lost. */
function scores({ replica, score, losers, parts }: NonNullable<Explanation['placement']>): string[][] {
  const number = (value: number): string => String(Number(value.toFixed(3)));
  const { scorers = [], chosen = [] } = parts ?? {};
  const madeOf = (part: readonly number[] | undefined): string[] =>
    scorers.map((_, at) => (part?.[at] === undefined ? '–' : number(part[at])));
  return [
    ...(parts === undefined
      ? []
      : [['  replica', 'score', ...scorers.map(({ name, weight }) => `${name} × ${number(weight)}`)]]),
    [`> ${replica}`, number(score), ...madeOf(chosen)],
    ...losers.map((loser, at) => [`  ${loser.replica}`, number(loser.score), ...madeOf(parts?.losers[at]), loser.why]),
  ];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  }
  return rows.map(row =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
