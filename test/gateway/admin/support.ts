import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '#config/load.js';
import type { ConfigVersion } from '#contract/stores.js';
import { LiveConfiguration } from '#gateway/configuration/live-configuration.js';
import type { Gateway } from '#gateway/gateway.js';
import { machineClock } from '#gateway/machine-clock.js';
import { configVersions } from '#store/config-versions.js';
import { openStateDatabase } from '#store/state-database.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any;
}

/** One call with any headers: `fetch` would not let a test choose `host` or `origin`. */
export function ask(
  url: string,
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const sent = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      `${url}${path}`,
      { method, headers: { ...(sent === undefined ? {} : { 'content-type': 'application/json' }), ...headers } },
      response => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text === '' ? '' : JSON.parse(text),
          });
        });
      },
    );
    call.on('error', reject);
    call.end(sent);
  });
}

/** As a disk does that is full: what is there can be read. */
export const FULL = `create trigger full before insert on config_versions begin select raise(abort, 'no room'); end`;

/** A gateway on a file of its own, whose configuration can be changed by the API. */
export interface Configured extends RunningGateway {
  readonly file: string;
  readonly configuration: LiveConfiguration;
  /** Edits of the file that came into force, and what kept them out of the history. */
  readonly edits: readonly ConfigVersion[];
  readonly unkept: readonly unknown[];
  /** From now on no version can be kept; or again it can. */
  fill(full: boolean): void;
  text(): string;
  dispose(): Promise<void>;
}

export async function startConfigured(yaml: string, env: Readonly<Record<string, string>> = {}): Promise<Configured> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-admin-'));
  const file = join(folder, 'weir.yaml');
  writeFileSync(file, yaml);
  const loaded = await loadConfig(file, { env });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const database = openStateDatabase(':memory:');
  const versions = configVersions(database);
  const edits: ConfigVersion[] = [];
  const unkept: unknown[] = [];
  let gateway: Gateway | undefined;
  const configuration = new LiveConfiguration(loaded, file, {
    clock: machineClock,
    load: { env },
    seed: 1,
    newFile: file,
    apply: async ({ config }) => gateway?.reload(config),
    versions: () => versions,
    onFile: async () => {},
    onEdit: edit => edits.push(edit),
    onUnkept: error => unkept.push(error),
  });
  const running = await startGateway(loaded.config, { configuration, env, version: '0.0.0' });
  gateway = running.gateway;
  configuration.begin();
  return {
    ...running,
    file,
    configuration,
    edits,
    unkept,
    fill: full => database.exec(full ? FULL : 'drop trigger full'),
    text: () => readFileSync(file, 'utf8'),
    async dispose() {
      await running.close();
      versions.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
