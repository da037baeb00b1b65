import { LiveGateway } from '#cli/live-gateway.js';
import { withReplicas } from '#cli/local-engines.js';
import { type Config, loadText } from '#config/load.js';
import { isWeirError } from '#contract/errors.js';
import { machineClock } from '#gateway/machine-clock.js';
import { standingOf } from '#gateway/standing.js';
import { CountedTraffic } from './counted-traffic.js';
import { Link, type Port } from './link.js';
import type { SentConfig, Started, ToSupervisor, ToWorker } from './messages.js';
import { remoteDesk, type SupervisorLink, Tails, togetherOver, WorkerBroadcast, windowOver } from './others.js';
import { sharedOut } from './share-out.js';

/** One of several gateways behind one port: does what the supervisor says, and drains when it is told to or left alone. */
export function runWorker(): void {
  const stop = new AbortController();
  let live: LiveGateway | undefined;
  let workers = 1;
  let ending = false;

  const link: SupervisorLink = new Link<ToSupervisor, ToWorker>(process as Port, ask => {
    switch (ask.kind) {
      case 'start':
        return start(ask);
      case 'apply':
        live?.apply(configOf(ask.config, workers));
        return undefined;
      case 'metrics':
        return live?.metrics.snapshot() ?? [];
      case 'settle':
        return live?.settle();
      case 'alive':
        return true;
      case 'standing':
        return live === undefined ? undefined : standingOf(live.gateway);
      case 'lengths':
        return live?.gateway.adviser.lengths(ask.most) ?? {};
      case 'traffic':
        return traffic.take();
      case 'note-edit':
        return live?.noteEdit(ask.edit);
      case 'refresh':
        return live?.refresh();
      case 'exchange':
        return live?.exchange();
      case 'drain-replica':
        live?.gateway.runtime.pool.drain(ask.replica, ask.out);
        return undefined;
      case 'tail':
        if (live !== undefined) tails.begin(ask, live.gateway);
        return undefined;
      case 'untail':
        return tails.end(ask.tail);
      case 'news':
        return tails.news(ask);
      case 'pool-news':
        return broadcast.heard(ask.text);
      case 'drain':
        if (ask.now) stop.abort();
        void end(ask.signal);
        return undefined;
    }
  });
  const tails = new Tails(link);
  const broadcast = new WorkerBroadcast(link);
  const traffic = new CountedTraffic({
    clock: machineClock,
    tell: tally => link.ask({ kind: 'counted', tally }),
    window: name => windowOver(link, name),
  });

  async function start(ask: ToWorker & { kind: 'start' }): Promise<Started> {
    workers = ask.workers;
    try {
      live = await LiveGateway.open(configOf(ask.config, workers), {
        seed: ask.seed,
        configuration: remoteDesk(link),
        traffic,
        together: togetherOver(link, tails, broadcast, workers),
      });
      const { pool } = live.gateway.runtime;
      for (const replica of ask.orders.drained) pool.drain(replica, true);
      for (const tail of ask.orders.tails) tails.begin(tail, live.gateway);
      const { url } = await live.listen();
      return { ok: true, url };
    } catch (error) {
      await live?.discard();
      const message = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      const hint = isWeirError(error) ? error.hint : undefined;
      return { ok: false, message: isWeirError(error) ? error.message : message, ...(hint !== undefined && { hint }) };
    }
  }

  async function end(why: string): Promise<void> {
    if (ending) return;
    ending = true;
    await live?.shutdown(why, stop.signal);
    traffic.tell();
    tails.endAll();
    // What was told last is on its way.
    await Promise.race([link.idle(), new Promise(resolve => setTimeout(resolve, 1000))]);
    process.exit(0);
  }

  // A terminal's interrupt goes to all processes: the supervisor is the one who acts on it.
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  process.on('SIGTERM', () => void end('SIGTERM'));
  process.on('disconnect', () => void end('the supervisor is gone'));
  link.ask({ kind: 'hello' }).catch(() => process.exit(1));
}

function configOf({ text, source, overrides, engines }: SentConfig, workers: number): Config {
  const result = loadText(text, source, { overrides });
  if (!result.ok) throw new Error(`the configuration ${source} is valid in the supervisor and not in a worker`);
  return sharedOut(withReplicas(result.config, new Map(engines)), workers);
}
