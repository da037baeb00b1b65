import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { EXIT, exit } from '#cli/exit.js';
import { LocalEngines } from '#cli/local-engines.js';
import { type CommonOptions, configFile, DEFAULT_FILE, integer, readConfig } from '#cli/options.js';
import type { Config, Overrides } from '#config/load.js';
import type { ConfigWatch } from '#config/watch.js';
import { WeirError } from '#contract/errors.js';
import { LiveConfiguration } from '#gateway/configuration/live-configuration.js';
import { withPulledModels } from '#gateway/configuration/pulled-models.js';
import { machineClock } from '#gateway/machine-clock.js';
import { GatewayState } from '#store/gateway-state.js';
import { createLogger, type Logger } from '#telemetry/log.js';
import { Traffic } from '#telemetry/traffic/traffic.js';
import type { LiveGateway } from './live-gateway.js';
import { begunModels } from './local-models.js';
import { cannotListen, greet, type Reloads, report, shutdownSignal, type ValidConfig, watchFile } from './serving.js';

export interface ServeOptions extends CommonOptions {
  readonly port?: number;
  readonly host?: string;
  readonly insecureNoAuth?: true;
  readonly workers?: number;
}

/** Runs the gateway until the process is told to end. What goes wrong before it listens ends the command with exit code 2. */
export async function runGateway(options: ServeOptions): Promise<void> {
  const overrides = overridesOf(options);
  const loaded = await validConfig(options, overrides);
  const { gateway } = loaded.config;
  const { level, format } = gateway.log;
  const log = createLogger({ level, format, stream: process.stderr });
  const state = new GatewayState(gateway.state.path);
  const serving: Serving = { options, overrides, loaded, log, state, fleet: new LocalEngines(text => log.warn(text)) };
  if (gateway.workers === 1) await runAlone(serving);
  else await (await import('#cli/workers/run-workers.js')).runWorkers(serving, gateway.workers);
}

/** What the process has that serves, or that starts those which do. */
export interface Serving {
  readonly options: ServeOptions;
  readonly overrides: Overrides;
  readonly loaded: ValidConfig;
  readonly log: Logger;
  readonly state: GatewayState;
  readonly fleet: LocalEngines;
}

async function runAlone(serving: Serving): Promise<void> {
  const { options, loaded, overrides, log, state, fleet } = serving;
  const models = begunModels(loaded.config, log);
  const { LiveGateway } = await import('./live-gateway.js');
  let live: LiveGateway | undefined;
  let watcher: ConfigWatch | undefined;
  const watch = async (file: string): Promise<void> => {
    if (live !== undefined) {
      watcher = await watchFile(file, overrides, live.log, reloadsOf(configuration, live.metrics));
    }
  };
  const configuration = liveConfiguration(serving, {
    async apply({ config }) {
      live?.apply(await fleet.resolve(config));
      fleet.retireUnused();
    },
    onFile: watch,
    onEdit: edit => void live?.noteEdit(edit),
  });
  const traffic = new Traffic();
  const opened = await open(fleet, loaded, resolved =>
    LiveGateway.open(resolved, { seed: options.seed, configuration, traffic, models }),
  );
  live = opened.started;
  const address = await live.listen().catch((error: NodeJS.ErrnoException) => {
    cannotListen(loaded.config, error.code ?? error.message);
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
  setImmediate(() => remember(serving, traffic, configuration));
  const { signal, again } = await shutdownSignal();
  await watcher?.close();
  await live.shutdown(signal, again);
  traffic.close();
  state.close();
  await fleet.close();
}

/** The configuration of a gateway on its file, with its history. */
export function liveConfiguration(
  { options, overrides, loaded, state, log }: Serving,
  ports: Pick<ConstructorParameters<typeof LiveConfiguration>[2], 'apply' | 'onFile' | 'onEdit'>,
): LiveConfiguration {
  return new LiveConfiguration(loaded, absolute(configFile(options)), {
    clock: machineClock,
    load: { overrides },
    seed: options.seed,
    newFile: options.config ?? DEFAULT_FILE,
    versions: () => state.versions,
    onUnkept: error => log.error('the configuration is in force and could not be kept in its history', { error }),
    ...ports,
  });
}

/** Takes up what is remembered from before: nothing of it is needed to serve. */
export function remember({ state, log }: Serving, traffic: Traffic, configuration: LiveConfiguration): void {
  try {
    traffic.restore(state.traffic, machineClock.wall());
    configuration.begin();
  } catch (error) {
    log.error('what Weir remembers of itself cannot be read', { error });
  }
}

/** What becomes of the file when it was read anew. */
export function reloadsOf(configuration: LiveConfiguration, metrics: Pick<Reloads, 'reloaded'>): Reloads {
  return {
    text: configuration.text,
    reloaded: applied => metrics.reloaded(applied),
    apply: next => configuration.reloaded(next),
  };
}

/** Starts engines and what needs their addresses. When the latter fails, the engines do not keep the process from ending. */
export async function open<Started>(
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

function overridesOf(options: ServeOptions): Overrides {
  const port = options.port ?? portFromEnvironment();
  return {
    ...(options.host === undefined ? undefined : { host: options.host }),
    ...(port === undefined ? undefined : { port }),
    ...(options.insecureNoAuth === undefined ? undefined : { insecure: true }),
    ...(options.workers === undefined ? undefined : { workers: options.workers }),
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

async function validConfig(options: ServeOptions, overrides: Overrides): Promise<ValidConfig> {
  const result = withPulledModels(await readConfig(options, { overrides }));
  report(result);
  return result.ok ? result : exit(EXIT.misuse);
}

function absolute(file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(file);
}
