import { EXIT, exit } from '#cli/exit.js';
import { liveConfiguration, open, reloadsOf, remember, type Serving } from '#cli/gateway-process.js';
import { cannotListen, greet, shutdownSignal, type ValidConfig, watchFile } from '#cli/serving.js';
import type { Config } from '#config/load.js';
import type { ConfigWatch } from '#config/watch.js';
import { WeirError } from '#contract/errors.js';
import { Traffic } from '#telemetry/traffic/traffic.js';
import type { SentConfig } from './messages.js';
import { Supervisor } from './supervisor.js';

/**
 * Several processes behind one port. This one runs the local engines, has the file and its history, the history of requests, and the
 * place where limits meet, and keeps the others alive.
 */
export async function runWorkers(serving: Serving, workers: number): Promise<void> {
  const { options, overrides, loaded, log, state, fleet } = serving;
  refuseMemory(loaded.config);
  refuseRebalancing(loaded.config);
  const sent = ({ text }: ValidConfig, config: Config): SentConfig => ({
    text,
    source: config.source,
    overrides,
    engines: enginesOf(config),
  });
  let supervisor: Supervisor | undefined;
  let watcher: ConfigWatch | undefined;
  let drain = loaded.config.gateway;
  const watch = async (file: string): Promise<void> => {
    if (supervisor !== undefined) {
      watcher = await watchFile(file, overrides, log, reloadsOf(configuration, supervisor));
    }
  };
  const configuration = liveConfiguration(serving, {
    async apply(next) {
      refuseRebalancing(next.config);
      const config = await fleet.resolve(next.config);
      log.setLevel(config.gateway.log.level);
      drain = config.gateway;
      await supervisor?.apply(sent(next, config));
      fleet.retireUnused();
    },
    onFile: watch,
    onEdit: edit => void supervisor?.noteEdit(edit),
  });
  const traffic = new Traffic();
  const opened = await open(fleet, loaded, async config => {
    if (config.gateway.auth.required) await firstKey(config, serving);
    supervisor = new Supervisor({
      workers,
      seed: options.seed,
      log,
      config: sent(loaded, config),
      configuration,
      traffic,
    });
    return { supervisor, said: await supervisor.start() };
  });
  const { said, supervisor: running } = opened.started;
  if (!said.ok) {
    cannotListen(opened.resolved, said.message);
    await Promise.allSettled([running.stop('start', 0), fleet.close()]);
    exit(EXIT.misuse);
  }
  greet(opened.resolved, said.url, workers);
  remember(serving, traffic, configuration);
  if (configuration.file !== undefined) await watch(configuration.file);
  process.on('SIGHUP', () => void watcher?.reload());
  const { signal, again } = await shutdownSignal();
  again.addEventListener('abort', () => void running.stop(signal, 0));
  await watcher?.close();
  await running.stop(signal, drain.drain_delay + drain.drain);
  traffic.close();
  state.close();
  await fleet.close();
}

/** What is kept in memory is kept by one process: several would each have their own. @throws WeirError `config.invalid`. */
function refuseMemory({ gateway: { record, auth, responses } }: Config): void {
  const paths = {
    'gateway.record.path': record.postgres === undefined ? record.path : '',
    'gateway.auth.path': auth.required ? auth.path : '',
    'gateway.responses.path': responses.path,
  };
  const path = Object.entries(paths).find(([, value]) => value === ':memory:')?.[0];
  if (path === undefined) return;
  throw new WeirError('config.invalid', 'Several workers cannot share what one of them keeps in memory', {
    path,
    hint: 'a file, or one worker',
  });
}

/** Each process sees a share of the requests and would move replicas by it, against the others. */
function refuseRebalancing({ pool }: Config): void {
  if (Object.keys(pool.rebalance ?? {}).length === 0) return;
  throw new WeirError('config.invalid', 'Several workers would move replicas against one another', {
    path: 'pool.rebalance',
    hint: 'leave it out, or one worker',
  });
}

/** Makes the first admin key before there are several who could. */
async function firstKey(config: Config, { log }: Serving): Promise<void> {
  const { openGatewayIdentity, printFirstKey } = await import('#cli/gateway-identity.js');
  const identity = await openGatewayIdentity(config, { log, current: () => config });
  try {
    await printFirstKey(identity);
  } finally {
    await identity.close();
  }
}

/** Where the engines listen that this process runs for all. */
function enginesOf({ pool }: Config): SentConfig['engines'] {
  return Object.entries(pool.pools).flatMap(([name, { simulate, gguf, replicas, context }]) => {
    if (simulate === undefined && gguf === undefined) return [];
    const urls = (replicas ?? []).map(({ url }) => url);
    return [[name, { urls, ...(gguf !== undefined && context !== undefined && { contextTokens: context }) }] as const];
  });
}
