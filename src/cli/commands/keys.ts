import { Command } from 'commander';
import { atDesk, type Desk, type DeskOptions, withDeskOptions } from '#cli/desk.js';
import {
  collect,
  durationOption,
  type GovernedOptions,
  governedForm,
  inWords,
  table,
  withGovernedOptions,
} from '#cli/governed-options.js';
import { printJson } from '#cli/options.js';
import { WeirError } from '#contract/errors.js';
import type { IssuedKey, ShownKey } from '#identity/shown-key.js';

interface CreateOptions extends DeskOptions, GovernedOptions {
  readonly team?: string;
  readonly user?: string;
  readonly role?: string;
  readonly cidr?: readonly string[];
  readonly expires?: number;
}

export function createKeyCommand(): Command {
  const command = new Command('create')
    .argument('<name>', 'what it is for')
    .option('--team <id>', 'the team it belongs to')
    .option('--user <id>', 'the user it belongs to')
    .option('--role <role>', 'viewer, user, team_lead or admin (default: user)')
    .option('--cidr <network>', 'a network it may be used from; may be given more than once', collect)
    .option('--expires <duration>', 'ends after this time, such as 90d', durationOption);
  return withDeskOptions(withGovernedOptions(command))
    .addHelpText(
      'after',
      `
Examples:
  $ weir keys create "nightly evaluation" --budget 10usd/day --rpm 60
  $ weir keys create ci --team research --allow "qwen-*" --allow auto --expires 90d
  $ WEIR_ADMIN_KEY=wk-… weir keys create ada --url http://127.0.0.1:8080 --json`,
    )
    .action(async (name: string, options: CreateOptions) => {
      const { team, user, role, cidr, expires } = options;
      const form = {
        name,
        ...governedForm(options),
        ...(team === undefined ? undefined : { team }),
        ...(user === undefined ? undefined : { user }),
        ...(role === undefined ? undefined : { role }),
        ...(cidr === undefined ? undefined : { cidrs: cidr }),
        ...(expires === undefined ? undefined : { expiresAt: Date.now() + expires }),
      };
      show(await atDesk(options, desk => desk.createKey(form)), options);
    });
}

export function listKeysCommand(): Command {
  return withDeskOptions(new Command('list'))
    .addHelpText('after', '\nExamples:\n  $ weir keys list\n  $ weir keys list --json')
    .action(async (options: DeskOptions) => {
      const keys = await atDesk(options, desk => desk.keys());
      if (options.json) {
        printJson({ keys });
        return;
      }
      const rows = keys.map(key => [
        key.id,
        `${key.prefix}…`,
        key.name,
        key.role,
        key.team ?? '',
        key.user ?? '',
        stateOf(key, Date.now()),
        key.lastUsedAt === undefined ? 'never used' : `used ${new Date(key.lastUsedAt).toISOString()}`,
        inWords(key),
      ]);
      process.stdout.write(rows.length === 0 ? 'no keys\n' : table(rows));
    });
}

export function rotateKeyCommand(): Command {
  return withDeskOptions(new Command('rotate').argument('<key>', 'its id, its beginning (wk-…) or its name'))
    .option('--overlap <duration>', 'how long the secret of now stays good (default: 1d)', durationOption)
    .addHelpText('after', '\nExamples:\n  $ weir keys rotate key_0f3a9c1e5b7d2468 --overlap 2h')
    .action(async (name: string, options: DeskOptions & { readonly overlap?: number }) => {
      show(await atDesk(options, async desk => desk.rotateKey(await idOf(desk, name), options.overlap)), options);
    });
}

export function revokeKeyCommand(): Command {
  return withDeskOptions(new Command('revoke').argument('<key>', 'its id, its beginning (wk-…) or its name'))
    .addHelpText(
      'after',
      `
Calls that run may end; new ones are refused: at once with --url, else within a second.

Examples:
  $ weir keys revoke key_0f3a9c1e5b7d2468`,
    )
    .action(async (name: string, options: DeskOptions) => {
      const key = await atDesk(options, async desk => desk.revokeKey(await idOf(desk, name)));
      if (options.json) printJson({ key });
      else process.stdout.write(`${key.id} (${key.name}) is revoked\n`);
    });
}

function show(issued: IssuedKey, { json }: DeskOptions): void {
  if (json) printJson(issued);
  else {
    process.stdout.write(`${issued.secret}\n`);
    process.stderr.write(`weir: ${issued.key.id} (${issued.key.name}); the secret is shown this once\n`);
  }
}

function stateOf(key: ShownKey, now: number): string {
  if (key.revokedAt !== undefined) return 'revoked';
  if (key.disabled) return 'disabled';
  return key.expiresAt !== undefined && key.expiresAt <= now ? 'expired' : 'good';
}

/** The id of the one key that people mean by an id, the beginning of a secret, or a name. */
async function idOf(desk: Desk, name: string): Promise<string> {
  const keys = await desk.keys();
  const found = keys.filter(key => key.id === name || key.prefix === name.replace(/…$/, '') || key.name === name);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.id;
  const exact = found.find(key => key.id === name);
  if (exact !== undefined) return exact.id;
  throw new WeirError(
    'identity.not_found',
    found.length === 0
      ? `There is no key ${JSON.stringify(name.slice(0, 80))}`
      : `${found.length} keys are called that`,
    { hint: 'an id that `weir keys list` shows' },
  );
}
