import { judgeOfTexts } from './judge.js';

const RUN = 4;
/** Texts of fewer words repeat nothing. */
const SHORTEST = 32;

/**
 * Whether there is an answer, and not the same over and over:
 *
 *     distinct-4 = different runs of four words / runs of four words     of the worst text
 *
 * (Li et al. 2016, A Diversity-Promoting Objective Function, §5.3). It is 1 for texts of fewer than 32 words and 0 for an answer without any
 * text, call of a tool or refusal. Words are separated by white space; where a language writes none, whole sentences are words, and loops are seen as they repeat.
 */
export function formJudge(least: number) {
  return judgeOfTexts('form', texts => {
    const said = texts.filter(({ kind, text }) => kind !== 'thinking' && text.trim() !== '');
    if (said.length === 0) return { doubts: true, note: 'empty' };
    const score = Math.min(...said.map(({ kind, text }) => (kind === 'text' ? distinctRuns(text) : 1)));
    return { doubts: score < least, note: `distinct-4 ${score.toFixed(2)}` };
  });
}

/** Share of different runs of four words. */
export function distinctRuns(text: string): number {
  const words = text.split(/\s+/).filter(word => word !== '');
  if (words.length < SHORTEST) return 1;
  const runs = new Set<string>();
  const count = words.length - RUN + 1;
  for (let i = 0; i < count; i++) runs.add(words.slice(i, i + RUN).join(' '));
  return runs.size / count;
}
