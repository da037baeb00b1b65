import { Command } from 'commander';
import { jsonAlwaysOption, printJson } from '#cli/options.js';

export function schemaCommand(): Command {
  return new Command('schema')
    .addOption(jsonAlwaysOption())
    .addHelpText(
      'after',
      `
Editors complete and check weir.yaml with it: save it, and begin weir.yaml with
  # yaml-language-server: $schema=weir.schema.json

Examples:
  $ weir schema > weir.schema.json`,
    )
    .action(async () => {
      const { configJsonSchema } = await import('#config/json-schema.js');
      printJson(configJsonSchema());
    });
}
