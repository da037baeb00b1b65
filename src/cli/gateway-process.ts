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
import { seededRandom } from '#contract/random.js';
import { LiveConfiguration } from '#gateway/configuration/live-configuration.js';
import { Gateway } from '#gateway/gateway.js';
import { machineClock } from '#gateway/machine-clock.js';
import { Connections } from '#gateway/upstream/connections.js';
import { Watchdog } from '#gateway/upstream/watchdog.js';
import { GatewayState } from '#store/gateway-state.js';
import { openRecordStore } from '#store/record-store.js';
import { openResponseStore } from '#store/response-store.js';
import { createLogger, type Logger } from '#telemetry/log.js';
import { createMetrics, type Metrics } from '#telemetry/metrics.js';

export interface ServeOptions extends CommonOptions {
  readonly port?: number;
  readonly host?: string;
  readonly insecureNoAuth?: true;
}

/** Runs the gateway until the process is told to end. What goes wrong before it listens ends the command with exit code 2. */
export async function runGateway(options: ServeOptions): Promise<void> {
  const listen = overrides(options);
  const loaded = await validConfig(options, listen);
  const { config } = loaded;
  const log = createLogger({
    level: config.gateway.log.level,
    format: config.gateway.log.format,
    stream: process.stderr,
  });
  const fleet = new LocalEngines(text => log.warn(text));
  const metrics = createMetrics();
  const { record } = config.gateway;
  const opening = openRecordStore({
    path: record.path,
    keepForMs: record.keep_for,
    keepBytes: record.keep_size,
    onError: error => log.error('the decision record could not be written', { error }),
  });
  const [resolved, records] = await Promise.all([fleet.resolve(config), opening]).catch(async (error: unknown) => {
    // What did start would keep the process from ending.
    await Promise.allSettled([fleet.close(), opening.then(store => store.close())]);
    throw error;
  });
  let gateway: Gateway | undefined;
  const identity = config.gateway.auth.required
    ? await (await import('./gateway-identity.js')).openGatewayIdentity(
        config,
        () => gateway?.runtime.config ?? config,
        log,
        metrics,
      )
    : undefined;
  const kept = config.gateway.responses;
  const responses = openResponseStore({
    path: kept.path,
    keepForMs: kept.keep_for,
    keep: kept.keep,
    keepBytes: kept.keep_size,
    onError: error => log.error('a response could not be stored', { error }),
  });
  const state = new GatewayState(config.gateway.state.path);
  let watcher: ConfigWatch | undefined;
  const configuration = new LiveConfiguration(loaded, absolute(configFile(options)), {
    clock: machineClock,
    load: { listen },
    seed: options.seed,
    newFile: options.config ?? DEFAULT_FILE,
    apply: async next => {
      gateway?.reload(await fleet.resolve(next));
      log.info('a new configuration is in force', { version: next.version });
    },
    versions: () => state.versions,
    onFile: async file => {
      watcher = await watchFile(file, configuration, listen, log, metrics);
    },
  });
  gateway = new Gateway(
    resolved,
    {
      clock: machineClock,
      random: seededRandom(options.seed),
      connections: new Connections(machineClock),
      watchdog: new Watchdog(machineClock),
      records,
      responses,
      metrics,
      log,
      identity,
    },
    { configuration, env: process.env, version: version() },
  );
  metrics.gauge('weir_in_flight', 'Requests open now.', [], () => [{ labels: {}, value: gateway.inFlight }]);
  metrics.gauge('weir_records_dropped', 'Decision records that could not be kept.', [], () => [
    { labels: {}, value: records.dropped },
  ]);
  metrics.gauge('weir_responses_dropped', 'Responses that could not be stored.', [], () => [
    { labels: {}, value: responses.dropped },
  ]);
  metrics.gauge('weir_pool_in_flight', 'Requests on the replicas of a pool.', ['pool'], () =>
    gateway.runtime.pool.snapshot().pools.map(pool => ({ labels: { pool: pool.name }, value: pool.inFlight })),
  );
  metrics.gauge('weir_pool_queued', 'Requests that wait for a place in a pool.', ['pool'], () =>
    gateway.runtime.pool.snapshot().pools.map(pool => ({ labels: { pool: pool.name }, value: pool.queued })),
  );
  metrics.gauge('weir_replica_available', '1 when the replica takes requests.', ['replica'], () =>
    gateway.runtime.pool
      .replicas()
      .map(replica => ({ labels: { replica: replica.id }, value: replica.unavailable === undefined ? 1 : 0 })),
  );

  const { host, port } = config.gateway.listen;
  const address = await gateway.listen(host, port).catch((error: NodeJS.ErrnoException) => {
    process.stderr.write(`weir: cannot listen on ${host}:${port}: ${error.code ?? error.message}\n`);
    if (error.code === 'EADDRINUSE') process.stderr.write('  choose another port with --port or WEIR_PORT\n');
    return undefined;
  });
  if (address === undefined) {
    await Promise.allSettled([fleet.close(), records.close(), identity?.close()]);
    exit(EXIT.misuse);
  }
  greet(resolved, address.url);

  if (configuration.file !== undefined) {
    watcher = await watchFile(configuration.file, configuration, listen, log, metrics);
  }
  process.on('SIGHUP', () => void watcher?.reload());
  // Nothing of this is needed to serve: it comes after the first requests.
  setImmediate(() => {
    try {
      gateway.traffic.restore(state.traffic, machineClock.wall());
      configuration.begin();
    } catch (error) {
      log.error('what Weir remembers of itself cannot be read', { error });
    }
  });
  const signal = await shutdownSignal();
  log.info('draining', { signal, open: gateway.inFlight, limit_ms: config.gateway.drain });
  await watcher?.close();
  const ended = await gateway.drain(gateway.runtime.config.gateway.drain);
  if (ended > 0) log.warn('open requests had to be ended', { requests: ended });
  gateway.traffic.close();
  state.close();
  await identity?.close();
  await records.close();
  await responses.close();
  await fleet.close();
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

async function validConfig(options: ServeOptions, listen: ListenOverrides): Promise<LoadResult & { ok: true }> {
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
async function watchFile(
  file: string,
  configuration: LiveConfiguration,
  listen: ListenOverrides,
  log: Logger,
  metrics: Metrics,
): Promise<ConfigWatch> {
  const watcher = new ConfigWatch({
    file,
    clock: machineClock,
    load: { listen },
    onReload(result) {
      report(result);
      if (!result.ok) {
        metrics.reloaded(false);
        log.warn('the changed configuration is not valid; the one before stays in force', {
          problems: result.problems.length,
        });
        return;
      }
      configuration.reloaded(result).then(
        changed => {
          if (changed) metrics.reloaded(true);
        },
        (error: unknown) => log.error('the configuration could not be put in force', { error }),
      );
    },
  });
  await watcher.start();
  return watcher;
}

function absolute(file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(file);
}

function greet(config: Config, url: string): void {
  const pools = Object.values(config.pool.pools);
  const replicas = pools.reduce((sum, pool) => sum + (pool.replicas?.length ?? 0), 0);
  const models = Object.keys(config.pool.models).length;
  const simulated = pools.some(pool => pool.simulate !== undefined) ? ', simulated' : '';
  const files = pools.flatMap(({ gguf }) => (gguf === undefined ? [] : [gguf.file]));
  const real = files.length === 0 ? '' : `  real   ${files.join(', ')} by node-llama-cpp\n`;
  const what = config.source === 'demonstration' ? 'demonstration fleet' : config.source;
  process.stderr.write(
    `weir ${version()} listens on ${url}\n` +
      `  ${what}: ${models} ${models === 1 ? 'model' : 'models'} on ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}${simulated}\n` +
      real +
      `  page   ${url}/\n` +
      `  try    curl -s ${url}/v1/chat/completions -H 'content-type: application/json' \\\n` +
      `           -d '{"model":"auto","messages":[{"role":"user","content":"hello"}]}'\n`,
  );
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function shutdownSignal(): Promise<string> {
  return new Promise(resolve => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(130);
      asked = true;
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
