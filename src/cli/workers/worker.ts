import { LiveGateway } from '#cli/live-gateway.js';
import { withReplicas } from '#cli/local-engines.js';
import { type Config, loadText } from '#config/load.js';
import { isWeirError } from '#contract/errors.js';
import { GatewayState } from '#store/gateway-state.js';
import type { Exposition } from '#telemetry/exposition.js';
import { Link, type Port } from './link.js';
import type { SentConfig, Started, ToSupervisor, ToWorker } from './messages.js';
import { sharedOut } from './share-out.js';

/** One of several gateways behind one port: does what the supervisor says, and drains when it is told to or left alone. */
export function runWorker(): void {
  const stop = new AbortController();
  let live: LiveGateway | undefined;
  let workers = 1;
  let ending = false;

  const link: Link<ToSupervisor, ToWorker> = new Link(process as Port, ask => {
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
      case 'drain':
        if (ask.now) stop.abort();
        void end(ask.signal);
        return undefined;
    }
  });

  async function start(ask: ToWorker & { kind: 'start' }): Promise<Started> {
    workers = ask.workers;
    try {
      const config = configOf(ask.config, workers);
      live = await LiveGateway.open(config, {
        seed: ask.seed,
        state: new GatewayState(config.gateway.state.path),
        peers: {
          metrics: async () => (await link.ask({ kind: 'metrics' })) as Exposition,
          settle: async () => {
            await link.ask({ kind: 'settle' });
          },
        },
      });
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
    process.exit(0);
  }

  // A terminal's interrupt goes to all processes: the supervisor is the one who acts on it.
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  process.on('SIGTERM', () => void end('SIGTERM'));
  process.on('disconnect', () => void end('the supervisor is gone'));
  link.ask({ kind: 'hello' }).catch(() => process.exit(1));
}

function configOf({ text, source, listen, engines }: SentConfig, workers: number): Config {
  const result = loadText(text, source, { listen });
  if (!result.ok) throw new Error(`the configuration ${source} is valid in the supervisor and not in a worker`);
  return sharedOut(withReplicas(result.config, new Map(engines)), workers);
}
