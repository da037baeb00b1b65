import { readFile } from 'node:fs/promises';
import { readJsonLines, textMember, writeLine } from '#cli/json-lines.js';
import { printJson, resolveConfig } from '#cli/options.js';
import { WeirError } from '#contract/errors.js';
import { machineClock } from '#gateway/machine-clock.js';
import { personalDataOf } from '#gateway/privacy/personal-data.js';
import { ModelHost } from '#models/model-host.js';
import { type Against, type FindingKind, findingsOf } from '#models/text-findings.js';

/** Options of `weir classify` where spans are asked for. */
export interface FindingOptions {
  readonly context?: string;
  readonly question?: string;
  readonly input?: string;
  readonly config?: string;
}

/**
 * What is found in texts, with its places: personal data as the configuration says, by its own models too. A line of `--input` may bring its
 * own `context` and `question`.
 */
export async function runFindings(kind: FindingKind, text: string | undefined, options: FindingOptions): Promise<void> {
  if ((text === undefined) === (options.input === undefined)) {
    throw new WeirError('usage.invalid', 'Nothing to classify, or too much', { hint: 'Give a text or --input FILE.' });
  }
  if (kind !== 'pii') return tellAll(kind, findingsOf(kind), text, options);
  const { router } = await resolveConfig(options);
  const host = new ModelHost(machineClock);
  try {
    const finder = personalDataOf(router, host.configure(router.learned, router), machineClock);
    await finder.prepare?.();
    await tellAll(kind, findingsOf(kind, finder), text, options);
  } finally {
    await host.close();
  }
}

async function tellAll(
  kind: FindingKind,
  find: ReturnType<typeof findingsOf>,
  text: string | undefined,
  options: FindingOptions,
): Promise<void> {
  const given = options.context === undefined ? undefined : await readFile(options.context, 'utf8');
  const told = async (one: string, against: Partial<Against>) => {
    const context = against.context ?? given;
    if (kind === 'grounding' && context === undefined) {
      throw new WeirError('usage.invalid', 'Nothing to hold the text against', { hint: 'Give --context FILE.' });
    }
    const begun = machineClock.now();
    const found = await find(one, { context: context ?? '', question: against.question ?? options.question ?? '' });
    // Whoever asks on the command line asked for all of it: what a model did not read is a failure.
    if (found.reason !== undefined) throw new WeirError('model.unavailable', found.reason);
    return { ...found, ms: Math.round((machineClock.now() - begun) * 1e3) / 1e3 };
  };
  if (text !== undefined) {
    printJson(await told(text, {}));
    return;
  }
  for await (const line of readJsonLines(options.input ?? '-')) {
    const { context, question } = line.value;
    const against = {
      ...(typeof context === 'string' && { context }),
      ...(typeof question === 'string' && { question }),
    };
    await writeLine({ id: line.value.id ?? line.line, ...(await told(textMember(line, 'text'), against)) });
  }
}
