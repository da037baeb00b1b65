import { renderProblems } from '#cli/problems.js';
import { version } from '#cli/version.js';
import type { Config, LoadResult, Overrides } from '#config/load.js';
import type { ConfigProblem } from '#config/problem.js';
import { ConfigWatch } from '#config/watch.js';
import { withPulledModels } from '#gateway/configuration/pulled-models.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { Logger } from '#telemetry/log.js';

/** What one process and several have in common while they serve. */

export type ValidConfig = LoadResult & { readonly ok: true };

/** What is done with a file that was read anew. */
export interface Reloads {
  /** The text that is in force. */
  readonly text: string;
  reloaded(applied: boolean): void;
  /** @returns whether anything has changed. */
  apply(next: ValidConfig): Promise<boolean>;
}

/** Says on standard error what is wrong with a configuration, or doubtful about it. */
export function report(result: LoadResult): void {
  const source = result.ok ? result.config.source : result.source;
  const { text, warnings } = result;
  if (!result.ok) process.stderr.write(renderProblems(result.problems, { source, text, severity: 'error' }));
  if (warnings.length > 0) process.stderr.write(renderProblems(warnings, { source, text, severity: 'warning' }));
}

/** As {@link report}, of a file that was read while requests are served: in lines of the log where programs read that. */
function reportReload(result: LoadResult, log: Logger): void {
  const told = (problems: readonly ConfigProblem[]): readonly string[] => problems.slice(0, MOST_LOGGED).map(oneLine);
  if (log.form === 'text') report(result);
  const json = log.form === 'json';
  if (!result.ok) {
    log.warn('the changed configuration is not valid; the one before stays in force', {
      file: result.source,
      problems: result.problems.length,
      ...(json && { errors: told(result.problems) }),
    });
  } else if (json && result.warnings.length > 0) {
    log.warn('the changed configuration has doubtful places', { warnings: told(result.warnings) });
  }
}

/** Problems that one line of the log names at most. */
const MOST_LOGGED = 5;

function oneLine({ code, path, line, column, message, hint }: ConfigProblem): string {
  const place = line === 0 ? '' : `${line}:${column} `;
  return `${place}${code}: ${message}${path === '' ? '' : ` (${path})`}${hint === undefined ? '' : `; ${hint}`}`;
}

/** Watches the file. Configurations come into force one after the other, in the order in which they were read. */
export async function watchFile(file: string, overrides: Overrides, log: Logger, to: Reloads): Promise<ConfigWatch> {
  let before: Promise<unknown> = Promise.resolve();
  const watcher = new ConfigWatch({
    file,
    clock: machineClock,
    load: { overrides },
    loaded: to.text,
    onReload(read) {
      const result = withPulledModels(read);
      reportReload(result, log);
      if (!result.ok) {
        to.reloaded(false);
        return;
      }
      before = before
        .then(() => to.apply(result))
        .then(changed => {
          if (changed) to.reloaded(true);
        })
        .catch((error: unknown) => {
          to.reloaded(false);
          log.error('the configuration could not be put in force', { error });
        });
    },
  });
  await watcher.start();
  return watcher;
}

export function cannotListen({ gateway: { listen } }: Config, why: string): void {
  process.stderr.write(`weir: cannot listen on ${listen.host}:${listen.port}: ${why}\n`);
  if (why === 'EADDRINUSE') process.stderr.write('  choose another port with --port or WEIR_PORT\n');
}

export function greet(config: Config, url: string, workers: number): void {
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
      (config.gateway.auth.required ? `           -H 'authorization: Bearer wk-…' \\\n` : '') +
      `           -d '{"model":"auto","messages":[{"role":"user","content":"hello"}]}'\n`,
  );
}

/** Resolves at the first SIGTERM or SIGINT. A second one is told by `again`; a third ends the process as it stands. */
export function shutdownSignal(): Promise<{ readonly signal: string; readonly again: AbortSignal }> {
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
