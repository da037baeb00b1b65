import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AuditEntry, AuditVerdict } from '#contract/audit.js';
import { WeirError } from '#contract/errors.js';
import type { SubjectKind, Team, User } from '#contract/identity.js';
import type { AuditFilter } from '#contract/identity-store.js';
import type { Milliseconds } from '#contract/units.js';
import type { IssuedKey, ShownKey } from '#identity/shown-key.js';
import { configOption, jsonOption, resolveConfig } from './options.js';

export interface UsageRow {
  readonly id: string;
  readonly usd: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly requests: number;
}

/**
 * Where keys, teams and users are managed from the command line: at a running gateway, or at its database. Both write the same rows
 * of the same log. What is written to the database comes into force at gateways within a second; what a gateway is asked, at once.
 */
export interface Desk {
  createKey(form: object): Promise<IssuedKey>;
  rotateKey(id: string, overlapMs: Milliseconds | undefined): Promise<IssuedKey>;
  revokeKey(id: string): Promise<ShownKey>;
  keys(): Promise<readonly ShownKey[]>;
  teams(): Promise<readonly Team[]>;
  users(): Promise<readonly User[]>;
  /** Makes the team, or changes it when it is there. */
  setTeam(id: string, form: object): Promise<Team>;
  setUser(id: string, form: object): Promise<User>;
  usage(by: SubjectKind, since: Milliseconds, until: Milliseconds): Promise<readonly UsageRow[]>;
  audit(filter: AuditFilter): Promise<readonly AuditEntry[]>;
  verifyAudit(): Promise<AuditVerdict>;
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly config?: string;
  readonly url?: string;
  readonly json: boolean;
}

/** Adds `-c`, `--url` and `--json`. */
export function withDeskOptions(command: Command): Command {
  return command
    .addOption(configOption())
    .addOption(
      new Option(
        '--url <url>',
        'ask this running gateway, with the key in WEIR_ADMIN_KEY; else its database is used',
      ).argParser((text: string) => {
        if (!URL.canParse(text)) throw new InvalidArgumentError('Expected a URL, such as http://127.0.0.1:8080.');
        return text.replace(/\/$/, '');
      }),
    )
    .addOption(jsonOption());
}

/** Opens the desk that the options name, has work done at it, and closes it. */
export async function atDesk<T>(options: DeskOptions, work: (desk: Desk) => Promise<T>): Promise<T> {
  const desk = options.url === undefined ? await databaseDesk(options) : await gatewayDesk(options.url);
  try {
    return await work(desk);
  } finally {
    await desk.close();
  }
}

async function gatewayDesk(url: string): Promise<Desk> {
  const key = process.env.WEIR_ADMIN_KEY;
  if (key === undefined || key === '') {
    throw new WeirError('usage.invalid', 'WEIR_ADMIN_KEY is not set', { hint: 'the key of someone who may do this' });
  }
  return (await import('./gateway-desk.js')).gatewayDesk(url, key);
}

async function databaseDesk(options: DeskOptions): Promise<Desk> {
  const config = await resolveConfig(options, ['gateway.auth.path', 'gateway.auth.postgres']);
  const { path, postgres } = config.gateway.auth;
  const [
    { Governance },
    { SYSTEM },
    { machineSecretBytes },
    { openSqliteIdentityStore },
    { openPostgresIdentity },
    { machineClock },
    { knownModels },
  ] = await Promise.all([
    import('#identity/governance.js'),
    import('#identity/identity.js'),
    import('#identity/secret.js'),
    import('#store/sqlite-identity-store.js'),
    import('#store/postgres/open.js'),
    import('#gateway/machine-clock.js'),
    import('#gateway/known-models.js'),
  ]);
  const known = knownModels(config);
  const store = postgres === undefined ? openSqliteIdentityStore(path) : await openPostgresIdentity(postgres);
  const governance = new Governance({
    store,
    clock: machineClock,
    secretBytes: machineSecretBytes,
    models: () => known,
    applied: () => {},
  });
  // Who can write the database can do anything: the role is the database's.
  const doer = { principal: SYSTEM.principal, actor: { kind: 'cli', id: userInfo().username } } as const;
  return {
    createKey: form => governance.createKey(doer, form),
    rotateKey: (id, overlapMs) => governance.rotateKey(doer, id, overlapMs),
    revokeKey: id => governance.revokeKey(doer, id),
    keys: () => governance.keys(doer),
    teams: () => governance.teams(doer),
    users: () => governance.users(doer),
    setTeam: async (id, form) =>
      (await store.find({ kind: 'team', id })) === undefined
        ? governance.createTeam(doer, { id, ...form })
        : governance.changeTeam(doer, id, form),
    setUser: async (id, form) =>
      (await store.find({ kind: 'user', id })) === undefined
        ? governance.createUser(doer, { id, ...form })
        : governance.changeUser(doer, id, form),
    async usage(by, since, until) {
      const rows = await governance.usage(doer, by, since, until);
      return rows.map(({ kind: _, nanoUsd, ...row }) => ({ ...row, usd: nanoUsd / 1e9 }));
    },
    audit: filter => governance.audit(doer, filter),
    verifyAudit: () => governance.verifyAudit(doer),
    close: () => store.close(),
  };
}
