import { Command } from 'commander';
import type { ServeOptions } from '#cli/gateway-process.js';
import { atLeastOne, configFile, configOption, port, seedOption } from '#cli/options.js';
import { outliveReaders } from '#cli/reader-left.js';
import { warmSimulatedFleet } from '#engine-server/simulated-fleet.js';

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'Runs the gateway. Without a configuration it runs a demonstration fleet of simulated engines.\n' +
        'The file is watched: a valid change comes into force at once, an invalid one is reported and ignored.',
    )
    .addOption(configOption())
    .addOption(seedOption())
    .option(
      '-p, --port <n>',
      'port to listen on; 0 chooses a free one (default: WEIR_PORT, else the file, else 8080)',
      port,
    )
    .option('--host <address>', 'address to listen on')
    .option('-w, --workers <n>', 'processes that serve together (default: gateway.workers, else 1)', atLeastOne)
    .option(
      '--insecure, --insecure-no-auth',
      'listen where other machines can connect although callers need no credential',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ weir serve                        weir.yaml if there is one, else the demonstration
  $ weir serve -c prod.yaml --port 9000
  $ weir serve --workers 4            four processes behind one port
  $ WEIR_PORT=9000 weir serve`,
    )
    .action(async (options: ServeOptions) => {
      outliveReaders();
      // The demonstration needs engines whatever else is found out: their thread loads while this one loads the gateway.
      if (configFile(options) === undefined) warmSimulatedFleet();
      const { runGateway } = await import('#cli/gateway-process.js');
      await runGateway(options);
    });
}
