import { InvalidArgumentError } from 'commander';
import { EXIT, exit } from '#cli/exit.js';
import { type CommonOptions, configFile, integer, readConfig } from '#cli/options.js';
import { renderProblems } from '#cli/problems.js';
import { SimulatedFleet } from '#cli/simulated-fleet.js';
import { version } from '#cli/version.js';
import type { Config, ListenOverrides, LoadResult } from '#config/load.js';
import { ConfigWatch } from '#config/watch.js';
import { WeirError } from '#contract/errors.js';
import { machineClock } from '#gateway/machine-clock.js';
import { createLogger, type Logger } from '#telemetry/log.js';
import { LiveGateway } from './live-gateway.js';
import type { SentConfig } from './workers/messages.js';

export interface ServeOptions extends CommonOptions {
  readonly port?: number;
  readonly host?: string;
  readonly insecure?: true;
  readonly workers?: number;
}

/** Runs the gateway until the process is told to end. What goes wrong before it listens ends the command with exit code 2. */
export async function runGateway(options: ServeOptions): Promise<void> {
  const listen = overrides(options);
  const loaded = await validConfig(options, listen);
  const workers = options.workers ?? loaded.config.gateway.workers;
  const fleet = new SimulatedFleet();
  if (workers > 1) await runWorkers(options, listen, loaded, fleet, workers);
  else await runAlone(options, listen, loaded, fleet);
}

async function runAlone(
  options: ServeOptions,
  listen: ListenOverrides,
  { config }: ValidConfig,
  fleet: SimulatedFleet,
): Promise<void> {
  const resolved = await fleet.resolve(config);
  const live = await LiveGateway.open(resolved, { seed: options.seed });
  const address = await live.listen().catch((error: NodeJS.ErrnoException) => {
    cannotListen(config, error.code ?? error.message);
    return undefined;
  });
  if (address === undefined) {
    await Promise.allSettled([fleet.close(), live.discard()]);
    exit(EXIT.misuse);
  }
  greet(resolved, address.url, 1);
  const watcher = await watchFor(options, listen, live.log, {
    reloaded: applied => live.metrics.reloaded(applied),
    apply: async next => live.apply(await fleet.resolve(next.config)),
  });
  const { signal, again } = await shutdownSignal();
  await watcher?.close();
  await live.shutdown(signal, again);
  await fleet.close();
}

/** Several processes behind one port: this one runs the simulated engines, watches the file and keeps the others alive. */
async function runWorkers(
  options: ServeOptions,
  listen: ListenOverrides,
  loaded: ValidConfig,
  fleet: SimulatedFleet,
  workers: number,
): Promise<void> {
  const { Supervisor } = await import('#cli/workers/supervisor.js');
  const { level, format } = loaded.config.gateway.log;
  const log = createLogger({ level, format, stream: process.stderr });
  const resolved = await fleet.resolve(loaded.config);
  const sent = ({ text }: ValidConfig, config: Config): SentConfig => ({
    text,
    source: config.source,
    listen,
    simulated: Object.entries(config.pool.pools).flatMap(([name, { simulate, replicas }]) =>
      simulate === undefined ? [] : [[name, (replicas ?? []).map(({ url }) => url)] as const],
    ),
  });
  let drain = resolved.gateway;
  const supervisor = new Supervisor({ workers, seed: options.seed, log, config: sent(loaded, resolved) });
  const started = await supervisor.start();
  if (!started.ok) {
    cannotListen(resolved, started.message);
    await Promise.allSettled([supervisor.stop('start', 0), fleet.close()]);
    exit(EXIT.misuse);
  }
  greet(resolved, started.url, workers);
  const watcher = await watchFor(options, listen, log, {
    reloaded: applied => supervisor.reloaded(applied),
    apply: async next => {
      const config = await fleet.resolve(next.config);
      log.setLevel(config.gateway.log.level);
      drain = config.gateway;
      await supervisor.apply(sent(next, config));
    },
  });
  const { signal, again } = await shutdownSignal();
  again.addEventListener('abort', () => void supervisor.stop(signal, 0));
  await watcher?.close();
  await supervisor.stop(signal, drain.drain_delay + drain.drain);
  await fleet.close();
}

function cannotListen({ gateway: { listen } }: Config, why: string): void {
  process.stderr.write(`weir: cannot listen on ${listen.host}:${listen.port}: ${why}\n`);
  if (why === 'EADDRINUSE') process.stderr.write('  choose another port with --port or WEIR_PORT\n');
}

function overrides(options: ServeOptions): ListenOverrides {
  const port = options.port ?? portFromEnvironment();
  return {
    ...(options.host === undefined ? undefined : { host: options.host }),
    ...(port === undefined ? undefined : { port }),
    ...(options.insecure === undefined ? undefined : { insecure: true }),
  };
}

function portFromEnvironment(): number | undefined {
  const text = process.env.WEIR_PORT;
  if (text === undefined || text === '') return undefined;
  try {
    return integer(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new WeirError('usage.invalid', `WEIR_PORT is ${JSON.stringify(text)}`, { hint: 'a port number' });
  }
}

type ValidConfig = LoadResult & { readonly ok: true };

async function validConfig(options: ServeOptions, listen: ListenOverrides): Promise<ValidConfig> {
  const result = await readConfig(options, listen);
  report(result);
  return result.ok ? result : exit(EXIT.misuse);
}

/** Says on standard error what is wrong with a configuration, or doubtful about it. */
function report(result: LoadResult): void {
  const source = result.ok ? result.config.source : result.source;
  const { text, warnings } = result;
  if (!result.ok) process.stderr.write(renderProblems(result.problems, { source, text, severity: 'error' }));
  if (warnings.length > 0) process.stderr.write(renderProblems(warnings, { source, text, severity: 'warning' }));
}

/** Watches the file, if there is one. Configurations come into force one after the other, in the order in which they were read. */
async function watchFor(
  options: ServeOptions,
  listen: ListenOverrides,
  log: Logger,
  to: { reloaded(applied: boolean): void; apply(next: ValidConfig): Promise<void> },
): Promise<ConfigWatch | undefined> {
  const file = configFile(options);
  if (file === undefined) return undefined;
  let before: Promise<void> = Promise.resolve();
  const watcher = new ConfigWatch({
    file,
    clock: machineClock,
    load: { listen },
    onReload(result) {
      report(result);
      to.reloaded(result.ok);
      if (!result.ok) {
        log.warn('the changed configuration is not valid; the one before stays in force', {
          problems: result.problems.length,
        });
        return;
      }
      before = before
        .then(() => to.apply(result))
        .catch((error: unknown) => log.error('the configuration could not be put in force', { error }));
    },
  });
  await watcher.start();
  process.on('SIGHUP', () => void watcher.reload());
  return watcher;
}

function greet(config: Config, url: string, workers: number): void {
  const pools = Object.values(config.pool.pools);
  const replicas = pools.reduce((sum, pool) => sum + (pool.replicas?.length ?? 0), 0);
  const models = Object.keys(config.pool.models).length;
  const simulated = pools.some(pool => pool.simulate !== undefined) ? ', simulated' : '';
  const what = config.source === 'demonstration' ? 'demonstration fleet' : config.source;
  process.stderr.write(
    `weir ${version()} listens on ${url}${workers === 1 ? '' : `, ${workers} workers`}\n` +
      `  ${what}: ${models} ${models === 1 ? 'model' : 'models'} on ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}${simulated}\n` +
      `  page   ${url}/\n` +
      `  try    curl -s ${url}/v1/chat/completions -H 'content-type: application/json' \\\n` +
      `           -d '{"model":"auto","messages":[{"role":"user","content":"hello"}]}'\n`,
  );
}

/** Resolves at the first SIGTERM or SIGINT. A second one is told by `again`; a third ends the process as it stands. */
function shutdownSignal(): Promise<{ readonly signal: string; readonly again: AbortSignal }> {
  return new Promise(resolve => {
    const again = new AbortController();
    let asked = 0;
    const onSignal = (signal: NodeJS.Signals): void => {
      asked++;
      if (asked === 1) resolve({ signal, again: again.signal });
      else if (asked === 2) again.abort();
      else process.exit(130);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
