import { Command } from 'commander';
import { COMMANDS, type CommandEntry, type CommandGroup, type CommandTable } from './commands.js';
import { version } from './version.js';

/**
 * The command line as commander sees it. Only the command that `argv` calls is loaded, the others are there by name and summary: so
 * `weir serve` does not wait for what `weir bench` needs.
 *
 * @param argv the words after `weir`; `undefined` loads every command, for the reference.
 */
export async function buildProgram(argv: readonly string[] | undefined): Promise<Command> {
  const program = new Command('weir')
    .description('Reads each request for an LLM, decides what should answer it, and where that runs.')
    .version(version(), '-V, --version', 'print the version')
    .addHelpText(
      'after',
      `
Examples:
  $ weir serve                                    the demonstration, on http://127.0.0.1:8080
  $ weir init --url http://127.0.0.1:11434 --model llama3.2
  $ weir check && weir serve
  $ weir explain "Who bears liability under this contract?"`,
    );
  await addCommands(program, COMMANDS, argv === undefined ? undefined : calledPath(argv));
  return settle(program);
}

/** The words of `argv` that can name commands; `help` names the one that it is asked about. */
function calledPath(argv: readonly string[]): readonly string[] {
  const words = argv.filter(word => !word.startsWith('-'));
  return words[0] === 'help' ? words.slice(1) : words;
}

async function addCommands(parent: Command, table: CommandTable, called: readonly string[] | undefined): Promise<void> {
  for (const [name, entry] of Object.entries(table)) {
    const wanted = called === undefined || called[0] === name;
    const command = wanted ? await whole(name, entry, called?.slice(1)) : new Command(name);
    if (command.description() === '') command.description(entry.summary);
    parent.addCommand(command.summary(entry.summary));
  }
}

async function whole(name: string, entry: CommandEntry | CommandGroup, called: readonly string[] | undefined) {
  if ('load' in entry) return (await entry.load()).name(name);
  const group = new Command(name);
  await addCommands(group, entry.commands, called);
  return group;
}

/** Commander's settings are not inherited by commands that were made elsewhere. */
function settle(command: Command): Command {
  command.exitOverride().showSuggestionAfterError().helpOption('-h, --help', 'print help');
  if (command.commands.length > 0) command.helpCommand('help [command]', 'print help for a command');
  for (const inner of command.commands) settle(inner);
  return command;
}
