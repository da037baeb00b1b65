import { doubtsAbout } from '#cli/doubtful-texts.js';
import { readJsonLines, textMember } from '#cli/json-lines.js';
import { resolveConfig } from '#cli/options.js';
import { WeirError } from '#contract/errors.js';
import { machineClock } from '#gateway/machine-clock.js';
import { ModelHost } from '#models/model-host.js';
import type { StaticEmbedding } from '#models/static/static-embedding.js';
import type { LabelledText } from '#models/train/train-head.js';

/** Texts trained on at most: memory is 1.5 kB a text; time grows in proportion, but for near-duplicates, of which every text is compared with all held out. */
const MOST_TEXTS = 200_000;
/** Texts embedded between two lines of progress. */
const AT_ONCE = 256;

/**
 * Labelled texts of JSON lines `{text, label, group?}`; texts of one group are held out together. Lines without text are left out, and it is
 * said how many.
 */
export async function readLabelled(file: string): Promise<LabelledText[]> {
  const texts: LabelledText[] = [];
  let blank = 0;
  for await (const line of readJsonLines(file)) {
    const { group } = line.value;
    const text = textMember(line, 'text');
    const label = textMember(line, 'label');
    if (text.trim() === '') blank++;
    else texts.push({ text, label, ...(typeof group === 'string' && { group }) });
    if (texts.length > MOST_TEXTS) throw new WeirError('usage.invalid', `${file} has more than ${MOST_TEXTS} lines`);
  }
  if (blank > 0) tell(`${file}: ${blank} of ${blank + texts.length} lines have no text and are left out`);
  return texts;
}

function tell(message: string): void {
  process.stderr.write(`weir: ${message}\n`);
}

/** What training needs of the models. */
export interface TrainingModels {
  readonly embedder: string;
  readonly embed: (texts: readonly string[]) => Promise<readonly Float32Array[]>;
  readonly fast: StaticEmbedding | undefined;
  readonly date: string;
  readonly progress: (message: string) => void;
}

/** Runs `train` with the embedder of the configuration; each text is embedded once. What is odd about `texts` is said before. */
export async function withModels<T>(
  options: { readonly config?: string },
  texts: readonly LabelledText[],
  train: (models: TrainingModels) => Promise<T>,
): Promise<T> {
  const { learned } = (await resolveConfig(options)).router;
  const host = new ModelHost(machineClock);
  try {
    const embedder = host.embedder(learned.embedder, { ...learned, queue: 65_536 });
    for (const doubt of await doubtsAbout(texts, embedder.name)) tell(doubt);
    await embedder.prepare();
    const known = new Map<string, Float32Array>();
    const embed = async (all: readonly string[]): Promise<readonly Float32Array[]> => {
      const missing = [...new Set(all)].filter(text => !known.has(text));
      for (let at = 0; at < missing.length; at += AT_ONCE) {
        const batch = missing.slice(at, at + AT_ONCE);
        const vectors = await embedder.embed(batch);
        for (const [i, text] of batch.entries()) known.set(text, vectors[i]!);
        tell(`embedded ${at + batch.length} of ${missing.length} texts`);
      }
      return all.map(text => known.get(text)!);
    };
    return await train({
      embedder: embedder.name,
      embed,
      fast: host.fast?.table,
      date: new Date(machineClock.wall()).toISOString().slice(0, 10),
      progress: tell,
    });
  } finally {
    await host.close();
  }
}
