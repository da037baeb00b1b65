import { readJsonLines, textMember } from '#cli/json-lines.js';
import { resolveConfig } from '#cli/options.js';
import { WeirError } from '#contract/errors.js';
import { machineClock } from '#gateway/machine-clock.js';
import { ModelHost } from '#models/model-host.js';
import type { StaticEmbedding } from '#models/static/static-embedding.js';
import type { LabelledText } from '#models/train/train-head.js';

/** Texts trained on at most: memory is 1.5 kB a text, time grows in proportion. */
const MOST_TEXTS = 200_000;
/** Texts embedded between two lines of progress. */
const AT_ONCE = 256;

/** Labelled texts of JSON lines `{text, label, group?}`; texts of one group are held out together. */
export async function readLabelled(file: string): Promise<LabelledText[]> {
  const texts: LabelledText[] = [];
  for await (const line of readJsonLines(file)) {
    const { group } = line.value;
    texts.push({
      text: textMember(line, 'text'),
      label: textMember(line, 'label'),
      ...(typeof group === 'string' && { group }),
    });
    if (texts.length > MOST_TEXTS) throw new WeirError('usage.invalid', `${file} has more than ${MOST_TEXTS} lines`);
  }
  return texts;
}

/** What training needs of the models. */
export interface TrainingModels {
  readonly embedder: string;
  readonly embed: (texts: readonly string[]) => Promise<readonly Float32Array[]>;
  readonly fast: StaticEmbedding | undefined;
  readonly date: string;
  readonly progress: (message: string) => void;
}

/** Runs `train` with the embedder of the configuration; each text is embedded once. */
export async function withModels<T>(
  options: { readonly config?: string },
  train: (models: TrainingModels) => Promise<T>,
): Promise<T> {
  const { learned } = (await resolveConfig(options)).router;
  const host = new ModelHost(machineClock);
  const progress = (message: string): boolean => process.stderr.write(`weir: ${message}\n`);
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
        progress(`embedded ${at + batch.length} of ${missing.length} texts`);
      }
      return all.map(text => known.get(text)!);
    };
    return await train({
      embedder: embedder.name,
      embed,
      fast: host.fast?.table,
      date: new Date(machineClock.wall()).toISOString().slice(0, 10),
      progress,
    });
  } finally {
    await host.close();
  }
}
