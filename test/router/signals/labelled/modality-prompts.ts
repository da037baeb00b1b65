import { readFileSync } from 'node:fs';

export type LabelledPrompt = readonly ['text' | 'image' | 'audio' | 'video', string];

/**
 * Prompts with the medium of the answer that is asked for, in ten languages. The first were written before any rule; the second after
 * the rules for the first, to be hard for them: words for media where text is wanted, and the other way round. Rules were made on the
 * prompts at even places of both; figures are of those at odd places. JSON, so that the bench reads the very same.
 */
export const MODALITY_PROMPTS: Readonly<Record<'first' | 'second', readonly LabelledPrompt[]>> = JSON.parse(
  readFileSync(new URL('modality-prompts.json', import.meta.url), 'utf8'),
);
