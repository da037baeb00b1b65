import type { Random } from '#contract/random.js';
import type { FailureSettings } from '#fleet/schema.js';
import type { SimulatedReplica } from './simulated-replica.js';
import type { VirtualClock } from './virtual-clock.js';

/**
 * Has a replica fail and come back for as long as it is there: times up and times down are exponential with means `mtbf` and `mttr`,
 * so that it is up for a share mtbf / (mtbf + mttr) of the time.
 */
export function failSometimes(
  replica: SimulatedReplica,
  { mtbf, mttr }: FailureSettings,
  clock: VirtualClock,
  draws: Random,
  host: { isThere(replica: SimulatedReplica): boolean; failed(): void },
): void {
  const waitForFailure = () =>
    clock.after(draws.exponential(1 / mtbf), () => {
      if (!host.isThere(replica)) return;
      host.failed();
      clock.after(draws.exponential(1 / mttr), () => {
        if (!host.isThere(replica)) return;
        replica.repair();
        waitForFailure();
      });
      replica.fail();
    });
  waitForFailure();
}
