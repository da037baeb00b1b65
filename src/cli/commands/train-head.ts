import { Command, Option } from 'commander';
import { configOption, jsonOption, printJson, seedOption } from '#cli/options.js';
import { expectWritable, writeText } from '#cli/output-file.js';
import { readLabelled, withModels } from '#cli/training.js';
import { WeirError } from '#contract/errors.js';
import { HEADS, type HeadName } from '#contract/learned.js';
import { seededRandom } from '#contract/random.js';
import type { ModelCard } from '#models/heads/head-file.js';
import { trainHead } from '#models/train/train-head.js';

interface TrainHeadCommand {
  readonly config?: string;
  readonly seed: number;
  readonly json: boolean;
  readonly kind: HeadName;
  readonly input: string;
  readonly test?: string;
  readonly licence: string;
  readonly output: string;
}

export function trainHeadCommand(): Command {
  return new Command('head')
    .description(
      'Trains a head on labelled texts of your own, to take the place of one that comes with Weir (`router.learned.heads`). A fifth of the\n' +
        'texts is held out to test on unless --test names others; what comes out is on the card in the file.',
    )
    .requiredOption(
      '--input <file>',
      'JSON lines: {text, label, group?}; texts of a group are held out together; - is standard input',
    )
    .requiredOption('--output <file>', 'where the head is written')
    .addOption(new Option('--kind <kind>', 'the head whose place it takes').choices([...HEADS]).makeOptionMandatory())
    .option('--test <file>', 'JSON lines that are only tested on')
    .option('--licence <licence>', 'licence of the texts, for the card', 'as given')
    .addOption(configOption())
    .addOption(seedOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ weir train head --kind domain --input questions.jsonl --output my-domain.json
  $ weir train head --kind feedback --input messages.jsonl --test held-out.jsonl --output my-feedback.json`,
    )
    .action(run);
}

async function run({ input, test, output, kind, licence, seed, json, ...options }: TrainHeadCommand): Promise<void> {
  await expectWritable(output, test === undefined ? [input] : [input, test]);
  const texts = await readLabelled(input);
  const labels = new Set(texts.map(({ label }) => label));
  if (labels.size < 2) throw new WeirError('usage.invalid', 'A head takes two labels at least');
  const held = test === undefined ? [] : await readLabelled(test);
  const set = (name: string, of: typeof texts, heldOut: 'tune' | 'tune and test' | 'nothing') => {
    return { name, licence, texts: of, heldOut };
  };
  const head = await withModels(options, texts, models =>
    trainHead({
      ...models,
      kind,
      summary: `${labels.size} labels, by ${texts.length} texts`,
      data: [set('texts', texts, test === undefined ? 'tune and test' : 'tune')],
      tests: test === undefined ? [] : [set('held-out texts', held, 'nothing')],
      random: seededRandom(seed),
    }),
  );
  await writeText(output, `${JSON.stringify(head)}\n`);
  const { results, duplicates } = head.card ?? { results: {}, duplicates: { removed: 0 } };
  if (json)
    printJson({ output, kind, labels: head.labels, texts: texts.length, near_duplicates: duplicates.removed, results });
  else process.stdout.write(`${head.labels.length} labels by ${texts.length} texts in ${output}\n${told(results)}`);
}

function told(results: ModelCard['results']): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return Object.entries(results)
    .flatMap(([name, tiers]) =>
      Object.entries(tiers).map(
        ([tier, { accuracy, interval, texts }]) =>
          `  ${name}, ${tier}: ${percent(accuracy)} of ${texts} (${interval.map(percent).join(' to ')})\n`,
      ),
    )
    .join('');
}
