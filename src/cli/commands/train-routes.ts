import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readJsonLines, textMember } from '#cli/json-lines.js';
import { configOption, jsonOption, printJson, resolveConfig, seedOption } from '#cli/options.js';
import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import { machineClock } from '#gateway/machine-clock.js';
import { ModelHost } from '#models/model-host.js';
import type { LabelledText } from '#models/train/train-head.js';
import { trainRoutes } from '#models/train/train-routes.js';

interface TrainRoutesCommand {
  readonly config?: string;
  readonly seed: number;
  readonly json: boolean;
  readonly input: string;
  readonly output: string;
}

/** Texts trained on at most: memory is 1.5 kB a text, time grows in proportion. */
const MOST_TEXTS = 200_000;
/** Texts embedded between two lines of progress. */
const AT_ONCE = 256;

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
  const texts: LabelledText[] = [];
  for await (const line of readJsonLines(input)) {
    texts.push({ text: textMember(line, 'text'), label: textMember(line, 'label') });
    if (texts.length > MOST_TEXTS) throw new WeirError('usage.invalid', `${input} has more than ${MOST_TEXTS} lines`);
  }
  const { learned } = (await resolveConfig(options)).router;
  const host = new ModelHost(machineClock);
  try {
    const embedder = host.embedder(learned.embedder, { ...learned, queue: 65_536 });
    await embedder.prepare();
    const known = new Map<string, Float32Array>();
    const embed = async (all: readonly string[]): Promise<readonly Float32Array[]> => {
      const missing = [...new Set(all)].filter(text => !known.has(text));
      for (let at = 0; at < missing.length; at += AT_ONCE) {
        const batch = missing.slice(at, at + AT_ONCE);
        const vectors = await embedder.embed(batch);
        for (const [i, text] of batch.entries()) known.set(text, vectors[i]!);
        process.stderr.write(`weir: embedded ${at + batch.length} of ${missing.length} texts\n`);
      }
      return all.map(text => known.get(text)!);
    };
    const head = await trainRoutes({
      texts,
      embedder: embedder.name,
      embed,
      fast: host.fast?.table,
      random: seededRandom(seed),
      date: new Date(machineClock.wall()).toISOString().slice(0, 10),
      progress: message => process.stderr.write(`weir: ${message}\n`),
    });
    await writeFile(output, `${JSON.stringify(head)}\n`);
    const { decisive } = head.fast ?? {};
    const told = {
      output,
      routes: head.labels.length,
      texts: texts.length,
      threshold: head.threshold,
      fast_decisive: decisive ?? null,
    };
    if (json) printJson(told);
    else
      process.stdout.write(
        `${told.routes} routes by ${told.texts} texts in ${output}; below ${head.threshold} a text belongs to none\n`,
      );
  } finally {
    await host.close();
  }
}
