import { Command } from 'commander';
import { atDesk, type DeskOptions, withDeskOptions } from '#cli/desk.js';
import { type GovernedOptions, governedForm, inWords, table, withGovernedOptions } from '#cli/governed-options.js';
import { printJson } from '#cli/options.js';

export function setTeamCommand(): Command {
  return withDeskOptions(withGovernedOptions(new Command('set').argument('<id>', 'its name')))
    .addHelpText(
      'after',
      `
What is not said stays as it is; budgets and models that are said take the place of those there are.

Examples:
  $ weir teams set research --budget 500usd/month --time-zone Europe/Paris --tpm 200000`,
    )
    .action(async (id: string, options: DeskOptions & GovernedOptions) => {
      const team = await atDesk(options, desk => desk.setTeam(id, governedForm(options)));
      if (options.json) printJson({ team });
      else process.stdout.write(table([[team.id, team.disabled ? 'disabled' : 'good', inWords(team)]]));
    });
}

export function listTeamsCommand(): Command {
  return withDeskOptions(new Command('list'))
    .addHelpText('after', '\nExamples:\n  $ weir teams list --json')
    .action(async (options: DeskOptions) => {
      const teams = await atDesk(options, desk => desk.teams());
      if (options.json) printJson({ teams });
      else
        process.stdout.write(table(teams.map(team => [team.id, team.disabled ? 'disabled' : 'good', inWords(team)])));
    });
}
