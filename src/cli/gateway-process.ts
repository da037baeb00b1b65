import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { EXIT, exit } from '#cli/exit.js';
import { LocalEngines } from '#cli/local-engines.js';
import { type CommonOptions, configFile, DEFAULT_FILE, integer, readConfig } from '#cli/options.js';
import { renderProblems } from '#cli/problems.js';
import { version } from '#cli/version.js';
import type { Config, ListenOverrides, LoadResult } from '#config/load.js';
import { ConfigWatch } from '#config/watch.js';
import { WeirError } from '#contract/errors.js';
import { LiveConfiguration } from '#gateway/configuration/live-configuration.js';
import { machineClock } from '#gateway/machine-clock.js';
import { GatewayState } from '#store/gateway-state.js';
import { createLogger, type Logger } from '#telemetry/log.js';
import { LiveGateway } from './live-gateway.js';
import type { SentConfig } from './workers/messages.js';

export interface ServeOptions extends CommonOptions {
  readonly port?: number;
  readonly host?: string;
  readonly insecureNoAuth?: true;
  readonly workers?: number;
}

/** Runs the gateway until the process is told to end. What goes wrong before it listens ends the command with exit code 2. */
export async function runGateway(options: ServeOptions): Promise<void> {
  const listen = overrides(options);
  const loaded = await validConfig(options, listen);
  const { level, format } = loaded.config.gateway.log;
  const log = createLogger({ level, format, stream: process.stderr });
  const fleet = new LocalEngines(text => log.warn(text));
  const workers = options.workers ?? loaded.config.gateway.workers;
  if (workers > 1) await runWorkers(options, listen, loaded, fleet, workers, log);
  else await runAlone(options, listen, loaded, fleet);
}

async function runAlone(
  options: ServeOptions,
  listen: ListenOverrides,
  loaded: ValidConfig,
  fleet: LocalEngines,
): Promise<void> {
  const { config } = loaded;
  let live: LiveGateway | undefined;
  let watcher: ConfigWatch | undefined;
  const state = new GatewayState(config.gateway.state.path);
  const watch = async (file: string): Promise<void> => {
    if (live !== undefined) watcher = await watchFile(file, listen, live.log, reloadsOf(configuration, live));
  };
  const configuration = new LiveConfiguration(loaded, absolute(configFile(options)), {
    clock: machineClock,
    load: { listen },
    seed: options.seed,
    newFile: options.config ?? DEFAULT_FILE,
    apply: async next => live?.apply(await fleet.resolve(next)),
    versions: () => state.versions,
    onFile: watch,
  });
  const opened = await open(fleet, loaded, resolved =>
    LiveGateway.open(resolved, { seed: options.seed, state, configuration }),
  );
  live = opened.started;
  const address = await live.listen().catch((error: NodeJS.ErrnoException) => {
    cannotListen(config, error.code ?? error.message);
    return undefined;
  });
  if (address === undefined) {
    await Promise.allSettled([fleet.close(), live.discard()]);
    exit(EXIT.misuse);
  }
  greet(opened.resolved, address.url, 1);
  if (configuration.file !== undefined) await watch(configuration.file);
  process.on('SIGHUP', () => void watcher?.reload());
  // It comes after the first requests.
  setImmediate(() => live.remember());
  const { signal, again } = await shutdownSignal();
  await watcher?.close();
  await live.shutdown(signal, again);
  await fleet.close();
}

/** Starts engines and what needs their addresses. When the latter fails, the engines do not keep the process from ending. */
async function open<Started>(
  fleet: LocalEngines,
  { config }: ValidConfig,
  start: (resolved: Config) => Promise<Started>,
): Promise<{ readonly resolved: Config; readonly started: Started }> {
  try {
    const resolved = await fleet.resolve(config);
    return { resolved, started: await start(resolved) };
  } catch (error) {
    await fleet.close();
    throw error;
  }
}

/** What is done with a file that was read anew. */
interface Reloads {
  reloaded(applied: boolean): void;
  /** @returns whether anything has changed. */
  apply(next: ValidConfig): Promise<boolean>;
}

function reloadsOf(configuration: LiveConfiguration, { metrics }: LiveGateway): Reloads {
  return { reloaded: applied => metrics.reloaded(applied), apply: next => configuration.reloaded(next) };
}

/** Several processes behind one port: this one runs the local engines, watches the file and keeps the others alive. */
async function runWorkers(
  options: ServeOptions,
  listen: ListenOverrides,
  loaded: ValidConfig,
  fleet: LocalEngines,
  workers: number,
  log: Logger,
): Promise<void> {
  const { Supervisor } = await import('#cli/workers/supervisor.js');
  const resolved = await fleet.resolve(loaded.config);
  const sent = ({ text }: ValidConfig, config: Config): SentConfig => ({
    text,
    source: config.source,
    listen,
    engines: Object.entries(config.pool.pools).flatMap(([name, { simulate, gguf, replicas, context }]) =>
      simulate === undefined && gguf === undefined
        ? []
        : [
            [
              name,
              {
                urls: (replicas ?? []).map(({ url }) => url),
                ...(gguf !== undefined && context !== undefined && { contextTokens: context }),
              },
            ] as const,
          ],
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
  const file = configFile(options);
  let text = loaded.text;
  const reloads: Reloads = {
    reloaded: applied => supervisor.reloaded(applied),
    apply: async next => {
      if (next.text === text) return false;
      const config = await fleet.resolve(next.config);
      log.setLevel(config.gateway.log.level);
      drain = config.gateway;
      await supervisor.apply(sent(next, config));
      text = next.text;
      return true;
    },
  };
  const watcher = file === undefined ? undefined : await watchFile(file, listen, log, reloads);
  process.on('SIGHUP', () => void watcher?.reload());
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
    ...(options.insecureNoAuth === undefined ? undefined : { insecure: true }),
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

/** Watches the file. Configurations come into force one after the other, in the order in which they were read. */
async function watchFile(file: string, listen: ListenOverrides, log: Logger, to: Reloads): Promise<ConfigWatch> {
  let before: Promise<unknown> = Promise.resolve();
  const watcher = new ConfigWatch({
    file,
    clock: machineClock,
    load: { listen },
    onReload(result) {
      report(result);
      if (!result.ok) {
        to.reloaded(false);
        log.warn('the changed configuration is not valid; the one before stays in force', {
          problems: result.problems.length,
        });
        return;
      }
      before = before
        .then(() => to.apply(result))
        .then(changed => {
          if (changed) to.reloaded(true);
        })
        .catch((error: unknown) => log.error('the configuration could not be put in force', { error }));
    },
  });
  await watcher.start();
  return watcher;
}

function absolute(file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(file);
}

function greet(config: Config, url: string, workers: number): void {
  const pools = Object.values(config.pool.pools);
  const replicas = pools.reduce((sum, pool) => sum + (pool.replicas?.length ?? 0), 0);
  const models = Object.keys(config.pool.models).length;
  const simulated = pools.some(pool => pool.simulate !== undefined) ? ', simulated' : '';
  const files = pools.flatMap(({ gguf }) => (gguf === undefined ? [] : [gguf.file]));
  const real = files.length === 0 ? '' : `  real   ${files.join(', ')} by node-llama-cpp\n`;
  const what = config.source === 'demonstration' ? 'demonstration fleet' : config.source;
  process.stderr.write(
    `weir ${version()} listens on ${url}${workers === 1 ? '' : `, ${workers} workers`}\n` +
      `  ${what}: ${models} ${models === 1 ? 'model' : 'models'} on ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}${simulated}\n` +
      real +
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
