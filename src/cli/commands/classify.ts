import { Command, Option } from 'commander';
import { type JsonLine, readJsonLines, textMember, writeLine } from '#cli/json-lines.js';
import { configOption, jsonAlwaysOption, printJson, resolveConfig } from '#cli/options.js';
import { WeirError } from '#contract/errors.js';
import {
  type Classifier,
  HEADS,
  type HeadName,
  type LearnedModels,
  SAFETY_HEADS,
  type SafetyHeadName,
} from '#contract/learned.js';
import { languageClassifier } from '#gateway/language-classifier.js';
import { machineClock } from '#gateway/machine-clock.js';
import { classificationOf } from '#models/classification.js';
import { ModelHost } from '#models/model-host.js';
import { FINDING_KINDS, isFindingKind } from '#models/text-findings.js';
import { safetyClassifier } from '#router/safety/classifiers.js';
import { headClassifier } from '#router/signals/head-classifier.js';
import { LanguageGate } from '#router/signals/language-gate.js';
import { wordIndex } from '#router/signals/word-index.js';
import { runFindings } from './classify-findings.js';

interface ClassifyOptions {
  readonly config?: string;
  readonly kind?: HeadName | SafetyHeadName | 'language' | 'routes' | 'preferences' | 'knowledge';
  readonly routes?: string;
  readonly classifier?: string;
  readonly input?: string;
}

/** Lines that are read side by side, for the model to have batches. */
const AT_ONCE = 16;

export function classifyCommand(): Command {
  return new Command('classify')
    .description(
      'Says what the local models make of texts: by a head that comes with Weir, a head of `weir train`, the routes of the configuration, or the `language` signal.',
    )
    .argument('[text]', 'a text; the answer is one JSON document')
    .addOption(configOption())
    .addOption(
      new Option('--kind <kind>', 'what is asked').choices([
        ...HEADS,
        ...SAFETY_HEADS,
        'language',
        ...FINDING_KINDS,
        'routes',
        'preferences',
        'knowledge',
      ]),
    )
    .option('--context <file>', 'with --kind grounding: the texts that the answer is held against')
    .option('--question <text>', 'with --kind grounding: what was asked')
    .option('--routes <file>', 'a head that `weir train routes` has written')
    .option('--classifier <name>', 'a model of your own: one of `router.learned.classifiers`')
    .option(
      '--input <file>',
      'JSON lines: {id?, text}; the answer is a line for each: {id, label, score, scores, tier, ms}; - is standard input',
    )
    .addOption(jsonAlwaysOption())
    .addHelpText(
      'after',
      `
Examples:
  $ weir classify --kind domain "Can my landlord evict me without notice?"
  $ weir classify --kind domain --input prompts.jsonl
  $ weir classify --kind modality "We need a logo for our rowing club"
  $ weir classify --kind jailbreak --input prompts.jsonl
  $ weir classify --kind pii "My card is 4111 1111 1111 1111"
  $ weir classify --kind grounding --context article.txt --question "Who founded it?" "Ann Example, in 1902."
  $ weir classify --routes support.json --input tickets.jsonl
  $ weir classify -c weir.yaml --classifier toxicity --input posts.jsonl
  $ weir classify -c weir.yaml --classifier ner "Anna moved from Lisbon to Siemens in Berlin"`,
    )
    .action((text: string | undefined, options: ClassifyOptions) =>
      isFindingKind(options.kind) ? runFindings(options.kind, text, options) : run(text, options),
    );
}

async function run(text: string | undefined, options: ClassifyOptions): Promise<void> {
  if ((text === undefined) === (options.input === undefined)) {
    throw new WeirError('usage.invalid', 'Nothing to classify, or too much', { hint: 'Give a text or --input FILE.' });
  }
  if ([options.kind, options.routes, options.classifier].filter(one => one !== undefined).length !== 1) {
    throw new WeirError('usage.invalid', 'Nothing to classify by, or too much', {
      hint: 'Give --kind KIND, --routes FILE or --classifier NAME.',
    });
  }
  const { router } = await resolveConfig(options);
  const host = new ModelHost(machineClock);
  try {
    const settings = { ...router.learned, ...(options.routes !== undefined && { routes: options.routes }) };
    const models = host.configure(settings, router);
    const classifier =
      options.classifier === undefined
        ? classifierOf(options.kind ?? 'routes', models)
        : new LanguageGate(models.classifier(options.classifier));
    await classifier.prepare();
    if (text !== undefined) printJson(await answer(classifier, text));
    else await answerAll(classifier, options.input ?? '-');
  } finally {
    await host.close();
  }
}

function classifierOf(
  kind: HeadName | SafetyHeadName | 'language' | 'routes' | 'preferences' | 'knowledge',
  models: LearnedModels,
): Classifier {
  if (kind === 'routes') return new LanguageGate(models.routes());
  if (kind === 'preferences') return new LanguageGate(models.preferences());
  if (kind === 'knowledge') return new LanguageGate(models.knowledge(wordIndex));
  const level = SAFETY_HEADS.find(name => name === kind);
  if (level !== undefined) return safetyClassifier(level, models);
  return kind === 'language' ? languageClassifier() : headClassifier(kind as HeadName, models);
}

async function answer(classifier: Classifier, text: string) {
  const begun = machineClock.now();
  const verdict = await classifier.classify(text, { whenBusy: 'wait' });
  const told = classificationOf(classifier, verdict, text);
  // Whoever asks on the command line asked for an answer: one that no model gave is a failure.
  if (told.tier === 'busy' && verdict.best < 0) throw new WeirError('model.unavailable', told.reason ?? 'no answer');
  return { ...told, ms: Math.round((machineClock.now() - begun) * 1e3) / 1e3 };
}

async function answerAll(classifier: Classifier, file: string): Promise<void> {
  let batch: JsonLine[] = [];
  const flush = async (): Promise<void> => {
    const answers = await Promise.all(batch.map(line => answer(classifier, textMember(line, 'text'))));
    for (const [at, told] of answers.entries())
      await writeLine({ id: batch[at]!.value.id ?? batch[at]!.line, ...told });
    batch = [];
  };
  for await (const line of readJsonLines(file)) {
    batch.push(line);
    if (batch.length === AT_ONCE) await flush();
  }
  await flush();
}
