import { languagesOf } from '#models/classifiers.js';
import type { LabelledText } from '#models/train/train-head.js';
import { foreignLanguage } from '#router/signals/language-gate.js';

/** Characters of a text that are repeated. */
const SHOWN = 80;
/** Texts whose language is looked at, evenly out of all. */
const MOST_READ = 256;

/** What is odd about texts that are to be trained on, in sentences: nothing of it keeps a head from being trained. */
export async function doubtsAbout(texts: readonly LabelledText[], space: string): Promise<readonly string[]> {
  return [contradictions(texts), await foreign(texts, space)].filter(doubt => doubt !== undefined);
}

function contradictions(texts: readonly LabelledText[]): string | undefined {
  const labels = new Map<string, Set<string>>();
  for (const { text, label } of texts) {
    const key = text.trim();
    labels.set(key, (labels.get(key) ?? new Set()).add(label));
  }
  const torn = [...labels].filter(([, all]) => all.size > 1);
  const [first] = torn;
  if (first === undefined) return undefined;
  const [text, all] = first;
  return `${torn.length} of ${labels.size} texts have more than one label: ${JSON.stringify(text.slice(0, SHOWN))} is ${[...all].join(' and ')}`;
}

async function foreign(texts: readonly LabelledText[], space: string): Promise<string | undefined> {
  const known = languagesOf(space);
  if (known === undefined) return undefined;
  const step = Math.max(1, texts.length / MOST_READ);
  const read = Array.from({ length: Math.floor(texts.length / step) }, (_, at) => texts[Math.floor(at * step)]!);
  const told = await Promise.all(read.map(({ text }) => foreignLanguage(text, known)));
  const strange = told.filter(language => language !== undefined);
  return 2 * strange.length > read.length
    ? `most texts are in ${strange[0]} or another language that ${space} does not know: the head will say nothing of such texts`
    : undefined;
}
