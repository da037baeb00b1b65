import { Command } from 'commander';
import { atDesk, type DeskOptions, withDeskOptions } from '#cli/desk.js';
import { type GovernedOptions, governedForm, inWords, table, withGovernedOptions } from '#cli/governed-options.js';
import { printJson } from '#cli/options.js';
import type { User } from '#contract/identity.js';

interface SetOptions extends DeskOptions, GovernedOptions {
  readonly team?: string;
  readonly role?: string;
}

export function setUserCommand(): Command {
  const command = new Command('set')
    .argument('<id>', 'as tokens and proxies name them')
    .option('--team <id>', 'the team they belong to')
    .option('--role <role>', 'viewer, user, team_lead or admin');
  return withDeskOptions(withGovernedOptions(command))
    .addHelpText(
      'after',
      `
What is not said stays as it is; budgets and models that are said take the place of those there are.

Examples:
  $ weir users set ada@example.com --team research --role team_lead --budget 20usd/week`,
    )
    .action(async (id: string, options: SetOptions) => {
      const { team, role } = options;
      const form = {
        ...governedForm(options),
        ...(team === undefined ? undefined : { team }),
        ...(role === undefined ? undefined : { role }),
      };
      const user = await atDesk(options, desk => desk.setUser(id, form));
      if (options.json) printJson({ user });
      else process.stdout.write(table([row(user)]));
    });
}

export function listUsersCommand(): Command {
  return withDeskOptions(new Command('list'))
    .addHelpText('after', '\nExamples:\n  $ weir users list --json')
    .action(async (options: DeskOptions) => {
      const users = await atDesk(options, desk => desk.users());
      if (options.json) printJson({ users });
      else process.stdout.write(table(users.map(row)));
    });
}

function row(user: User): string[] {
  return [user.id, user.role, user.team ?? '', user.disabled ? 'disabled' : 'good', inWords(user)];
}
