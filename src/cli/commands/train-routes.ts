import { Command } from 'commander';
import { configOption, jsonOption, printJson, seedOption } from '#cli/options.js';
import { expectWritable, writeText } from '#cli/output-file.js';
import { readLabelled, withModels } from '#cli/training.js';
import { seededRandom } from '#contract/random.js';
import { trainRoutes } from '#models/train/train-routes.js';

interface TrainRoutesCommand {
  readonly config?: string;
  readonly seed: number;
  readonly json: boolean;
  readonly input: string;
  readonly output: string;
}

export function trainRoutesCommand(): Command {
  return new Command('routes')
    .description(
      'Trains routes on labelled texts and writes them to a file, for `weir classify --routes` and `router.learned.routes`.\n' +
        'Texts labelled `oos` belong to no route: with some of those, the threshold is fitted to them.',
    )
    .requiredOption('--input <file>', 'JSON lines: {text, label}; - is standard input')
    .requiredOption('--output <file>', 'where the head is written')
    .addOption(configOption())
    .addOption(seedOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ weir train routes --input tickets.jsonl --output support.json')
    .action(run);
}

async function run({ input, output, seed, json, ...options }: TrainRoutesCommand): Promise<void> {
  await expectWritable(output, [input]);
  const texts = await readLabelled(input);
  const head = await withModels(options, texts, models =>
    trainRoutes({ ...models, texts, random: seededRandom(seed) }),
  );
  await writeText(output, `${JSON.stringify(head)}\n`);
  const told = {
    output,
    routes: head.labels.length,
    texts: texts.length,
    threshold: head.threshold,
    fast_decisive: head.fast?.decisive ?? null,
  };
  if (json) printJson(told);
  else
    process.stdout.write(
      `${told.routes} routes by ${told.texts} texts in ${output}; below ${head.threshold} a text belongs to none\n`,
    );
}
