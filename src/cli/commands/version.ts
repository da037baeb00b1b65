import { Command } from 'commander';
import { jsonOption, printJson } from '#cli/options.js';
import { version } from '#cli/version.js';

export function versionCommand(): Command {
  return new Command('version')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ weir version\n  $ weir version --json')
    .action((options: { readonly json: boolean }) => {
      const { node } = process.versions;
      if (options.json) printJson({ version: version(), node, platform: process.platform, arch: process.arch });
      else process.stdout.write(`weir ${version()} (node ${node}, ${process.platform} ${process.arch})\n`);
    });
}
