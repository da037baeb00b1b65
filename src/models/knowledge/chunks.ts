import { WeirError } from '#contract/errors.js';
import { sentencesOf } from '#models/grounding/sentences.js';
import type { BaseFile } from './base-files.js';

/** Characters of a chunk at most: about 150 tokens, which the model that comes with Weir reads whole. */
export const LONGEST_CHUNK = 600;
const LONGEST_HEADING = 120;
const FENCE = /^\s*(?:```|~~~)/;
const HEADING = /^#{1,6}[ \t]/;
const ITEM = /^(?:[-*+|]|\d{1,9}[.)])/;

/** A piece of a base that one answer may stand in. */
export interface Chunk {
  /** What stands over it; empty where nothing does. */
  readonly heading: string;
  readonly sentences: readonly string[];
}

/** What of a chunk is compared with texts. */
export function chunkText({ heading, sentences }: Chunk): string {
  return heading === '' ? sentences.join(' ') : `${heading}: ${sentences.join(' ')}`;
}

/**
 * The chunks of a file: of JSON lines one for each `text`, under its `title`; of Markdown and text the sentences of what stands under one heading. What is longer
 * than {@link LONGEST_CHUNK} becomes several, cut between sentences where it can be.
 *
 * @throws WeirError `config.invalid` for a line that has no `text`.
 */
export function chunksOf({ path, text }: BaseFile, setting: string): readonly Chunk[] {
  if (path.toLowerCase().endsWith('.jsonl'))
    return text.split('\n').flatMap((line, at) => lineChunks(line, `${path}:${at + 1}`, setting));
  return sectionsOf(text).flatMap(({ heading, body }) => packed(heading, body));
}

function lineChunks(line: string, place: string, setting: string): Chunk[] {
  if (line.trim() === '') return [];
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new WeirError('config.invalid', `${place} is not JSON`, { path: setting, cause });
  }
  const { text, title = '' } = (value ?? {}) as { readonly text?: unknown; readonly title?: unknown };
  if (typeof text !== 'string' || typeof title !== 'string') {
    throw new WeirError('config.invalid', `${place} has no text`, {
      path: setting,
      hint: '{"text": "…", "title": "…"}; the title may be absent',
    });
  }
  return packed(title, text);
}

interface Section {
  readonly heading: string;
  readonly body: string;
}

/** A `#` inside of a block of code is no heading. */
function sectionsOf(text: string): Section[] {
  const sections: Section[] = [];
  let heading = '';
  let lines: string[] = [];
  let fenced = false;
  const end = (): void => {
    if (lines.length > 0) sections.push({ heading, body: lines.join('\n') });
    lines = [];
  };
  for (const line of text.split(/\r?\n/)) {
    if (FENCE.test(line)) fenced = !fenced;
    if (fenced || !HEADING.test(line)) {
      lines.push(line);
      continue;
    }
    end();
    heading = line.replace(HEADING, '');
  }
  end();
  return sections;
}

function packed(title: string, body: string): Chunk[] {
  const heading = title.trim().slice(0, LONGEST_HEADING);
  const chunks: Chunk[] = [];
  let sentences: string[] = [];
  let length = 0;
  for (const sentence of sentencesOf(paragraphs(body), Number.POSITIVE_INFINITY).flatMap(pieces)) {
    if (length > 0 && length + sentence.length > LONGEST_CHUNK) {
      chunks.push({ heading, sentences });
      sentences = [];
      length = 0;
    }
    sentences.push(sentence);
    length += sentence.length + 1;
  }
  if (sentences.length > 0) chunks.push({ heading, sentences });
  return chunks;
}

/** The text with its paragraphs in a line each: a line's end inside of one is no end of a sentence, but before a list's item. */
function paragraphs(body: string): string {
  let text = '';
  for (const raw of body.split('\n')) {
    const line = raw.trim();
    text += `${line === '' || ITEM.test(line) ? '\n' : ' '}${line}`;
  }
  return text;
}

function pieces(sentence: string): string[] {
  return Array.from({ length: Math.ceil(sentence.length / LONGEST_CHUNK) }, (_, at) =>
    sentence.slice(at * LONGEST_CHUNK, (at + 1) * LONGEST_CHUNK),
  );
}
