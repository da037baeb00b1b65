import type { Cancel, Clock } from '#contract/clock.js';
import type { WeirError } from '#contract/errors.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';

/** The longest that a request waits for what other processes claim and do not need. */
const LONGEST: Milliseconds = 300;
/** Time between two exchanges that somebody waits for. */
const BETWEEN: Milliseconds = 5;

/**
 * Tries at once; when it is refused although others may have what they do not need any more, tries again after each exchange with
 * them, until they have said what they hold and given up what they do not. Only who is near a limit ever waits.
 *
 * @returns what `attempt` returned last: the reason why not, or nothing.
 */
export function patiently(
  counters: SharedCounters | undefined,
  clock: Clock,
  attempt: () => WeirError | undefined,
): WeirError | undefined | Promise<WeirError | undefined> {
  if (counters === undefined) return attempt();
  const before = counters.shortages;
  const refusal = attempt();
  return refusal === undefined || counters.shortages === before ? refusal : again(counters, clock, attempt, refusal);
}

async function again(
  counters: SharedCounters,
  clock: Clock,
  attempt: () => WeirError | undefined,
  first: WeirError,
): Promise<WeirError | undefined> {
  let refusal: WeirError | undefined = first;
  let stop: Cancel = () => {};
  let late = false;
  const timeout = new Promise<void>(resolve => {
    stop = clock.after(LONGEST, () => {
      late = true;
      resolve();
    });
  });
  await Promise.race([counters.exchange(), timeout]);
  const since = clock.now();
  while (!late) {
    const { shortages, contentions } = counters;
    refusal = attempt();
    if (refusal === undefined || counters.shortages === shortages) break;
    // What all others have said by now that they hold, they hold.
    if (counters.contentions === contentions && counters.freshAt >= since) break;
    await Promise.race([new Promise<void>(resolve => clock.after(BETWEEN, resolve)), timeout]);
    await Promise.race([counters.exchange(), timeout]);
  }
  stop();
  return refusal;
}
