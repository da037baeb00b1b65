import type { DecisionRecord, Outcome as Ending } from '../api/types.js';
import type { State } from '../app.js';
import { count, counted, duration, percent, usd } from '../format.js';
import { Facts } from '../ui/parts.js';
import { STATUS_TONES } from './attempts.js';
import { billed } from './money.js';
import { Step } from './step.js';

/** How it ended: tokens, times and money. */
export function Outcome({ record, state }: { record: DecisionRecord; state: State | undefined }) {
  const { outcome: end } = record;
  const { usage, costUsd } = end;
  const asked = record.attempts.length > 0;
  return (
    <Step title="Outcome" gist={gistOf(end, asked)} ms={end.e2eMs} tone={STATUS_TONES[end.status]}>
      <WhereTimeWent record={record} />
      <Facts
        entries={[
          ['First token', end.ttftMs === undefined ? undefined : duration(end.ttftMs)],
          ['Per token after', end.tpotMs === undefined ? undefined : duration(end.tpotMs)],
          ['End to end', duration(end.e2eMs)],
          ['Queued', end.queuedMs > 0 ? duration(end.queuedMs) : 'not at all'],
          ['Prompt', usage === undefined || !asked ? undefined : counted(usage.promptTokens, 'token')],
          ['Found in cache', usage === undefined || !asked ? undefined : cachedText(usage)],
          ['Answer', usage === undefined || !asked ? undefined : counted(usage.completionTokens, 'token')],
          ['Cost', costUsd === undefined ? undefined : usd(costUsd)],
          ['Energy', end.joules === undefined ? undefined : `${count(end.joules)} J`],
        ]}
      />
      <Money end={end} state={state?.version === record.configVersion ? state : undefined} />
    </Step>
  );
}

function gistOf({ status, finish, error, httpStatus }: Ending, asked: boolean): string {
  if (status !== 'answered') return `${status}, ${error ?? `HTTP ${httpStatus}`}`;
  if (!asked) return 'answered with a fixed text; no model was asked';
  return finish === undefined ? 'answered' : `answered, finish ${finish}`;
}

function cachedText({ promptTokens, cachedTokens }: NonNullable<Ending['usage']>): string {
  return cachedTokens === 0 ? 'nothing' : `${count(cachedTokens)} (${percent(cachedTokens / promptTokens)})`;
}

/** What the cost is made of, and what the best model would have taken for the same tokens. */
function Money({ end, state }: { end: Ending; state: State | undefined }) {
  const { usage, costUsd, model: name } = end;
  const model = state?.models.find(known => known.name === name);
  if (usage === undefined || costUsd === undefined || model === undefined) return null;
  const { price } = model;
  const parts = [
    [usage.promptTokens - usage.cachedTokens, 'prompt', price.prompt],
    [usage.cachedTokens, 'cached', price.cached],
    [usage.completionTokens, 'answer', price.completion],
  ] as const;
  const best = state?.models.find(known => known.name === state.best_model);
  const bestUsd = best === undefined ? 0 : billed(usage, best.price);
  return (
    <div class="compare">
      <p>
        {usd(costUsd)} ={' '}
        {parts
          .filter(([tokens]) => tokens > 0)
          .map(([tokens, kind, perMillion]) => `${count(tokens)} ${kind} × ${usd(perMillion)}`)
          .join(' + ')}
        , per 1M tokens.
      </p>
      {best === undefined || bestUsd === 0 ? undefined : (
        <p>
          {best.name === name
            ? `${name} is the best model there is: nothing was saved.`
            : `The same tokens on ${best.name} would have cost ${usd(bestUsd)}: ${savedText(1 - costUsd / bestUsd)}.`}
        </p>
      )}
    </div>
  );
}

function savedText(share: number): string {
  return share >= 0 ? `${percent(share)} saved` : `${percent(-share)} dearer`;
}

/** One bar for the whole time: Weir's own, queue, failed attempts, reading the prompt, writing the answer. */
function WhereTimeWent({ record: { outcome: end, stages, attempts } }: { record: DecisionRecord }) {
  if (end.e2eMs <= 0 || attempts.length === 0) return null;
  const own = stages.filter(({ stage }) => stage !== 'place').reduce((sum, { ms }) => sum + ms, 0);
  const failed = attempts.slice(0, -1).reduce((sum, { durationMs }) => sum + durationMs, 0);
  const toFirst = end.ttftMs ?? end.e2eMs;
  const parts = (
    [
      ['weir', 'Weir', own],
      ['queue', 'queue', end.queuedMs],
      ['failed', 'failed attempts', failed],
      [
        'prefill',
        end.ttftMs === undefined ? 'waiting' : 'to first token',
        Math.max(0, toFirst - own - end.queuedMs - failed),
      ],
      ['decode', 'answer', Math.max(0, end.e2eMs - toFirst)],
    ] as const
  ).filter(([, , ms]) => ms > 0);
  return (
    <div>
      <div class="time-bar" aria-hidden="true">
        {parts.map(([kind, , ms]) => (
          <span key={kind} class={kind} style={{ width: `${Math.min(1, ms / end.e2eMs) * 100}%` }} />
        ))}
      </div>
      <ul class="legend" aria-label="Where the time went">
        {parts.map(([kind, name, ms]) => (
          <li key={kind}>
            <i class={kind} aria-hidden="true" />
            {name} <b>{duration(ms)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
