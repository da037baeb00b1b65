import { Buffer } from 'node:buffer';
import type { InferenceRequest, Message } from '#contract/request.js';
import type { Bytes } from '#contract/units.js';
import { sentenceEnds } from '#models/grounding/sentences.js';
import { salienceOf } from './salience.js';

/** Shorter texts stay whole: there is little in them, and they are what is asked. */
const SHORTEST = 400;
/** Of each text these stay, whatever they say. */
const FIRST_KEPT = 3;
const LAST_KEPT = 2;
/** Stands where something was left out. */
export const GAP = ' […] ';
/** The same before a line of code, which begins as it did. */
const GAP_BEFORE_CODE = ' […]\n';
const GAP_BYTES = Buffer.byteLength(GAP);
/** Of a long last message, the end is taken for the question. */
const QUESTION_SENTENCES = 3;
/** Longer prompts are not read for it: it happens on the thread that serves everybody. */
export const MOST_COMPRESSED: Bytes = 128 * 1024;
/** Share of signs that only code, tables and data have, from which a line is one of those. */
const CODE_SHARE = 0.06;
const CODE_SIGN = /[{}()[\];=<>|\\`$#*/_]/g;
const FENCE = /^\s*(?:```|~~~)/;

interface Piece {
  readonly text: string;
  /** Where it stands in its own text, 0 to 1. */
  readonly at: number;
  readonly bytes: Bytes;
  readonly kept: boolean;
  readonly code: boolean;
}

/**
 * What each long text of a prompt becomes so that all of it is shorter: whole sentences of what users, tools and earlier answers said are left
 * out, those first that say least of what is asked and of the whole. System prompts, short texts, code, tables and JSON stay as they are, and of
 * each text its first three and last two sentences.
 *
 * @param excess bytes of UTF-8 that must go.
 * @returns by the text as it is the text as it becomes; `undefined` when so much cannot be left out.
 */
export function compressPrompt(
  { messages, promptBytes }: Pick<InferenceRequest, 'messages' | 'promptBytes'>,
  excess: Bytes,
): ReadonlyMap<string, string> | undefined {
  if (promptBytes > MOST_COMPRESSED) return undefined;
  const texts = longTexts(messages).map(text => ({ text, pieces: piecesOf(text) }));
  const pieces = texts.flatMap(of => of.pieces);
  const salience = salienceOf(pieces, questionOf(messages));
  const order = [...pieces.keys()].filter(i => !pieces[i]!.kept).sort((a, b) => salience[a]! - salience[b]! || b - a);
  const left = new Set<Piece>();
  let gone = 0;
  for (const i of order) {
    if (gone >= excess) break;
    const piece = pieces[i]!;
    // A gap in the place of less than itself would make the prompt longer.
    if (piece.bytes <= 2 * GAP_BYTES) continue;
    left.add(piece);
    gone += piece.bytes - GAP_BYTES;
  }
  if (gone < excess) return undefined;
  const changed = texts.filter(of => of.pieces.some(piece => left.has(piece)));
  return new Map(changed.map(of => [of.text, without(of.pieces, left)]));
}

function longTexts(messages: readonly Message[]): string[] {
  const texts = new Set<string>();
  for (const { role, content } of messages) {
    if (role === 'system') continue;
    for (const part of content) {
      const text = part.type === 'text' || part.type === 'tool_result' ? part.text : '';
      if (text.length >= SHORTEST && !isData(text)) texts.add(text);
    }
  }
  return [...texts];
}

const isData = (text: string): boolean => /^\s*[[{<]/.test(text);

function piecesOf(text: string): Piece[] {
  const ends = sentenceEnds(text);
  if (ends.at(-1) !== text.length) ends.push(text.length);
  let fenced = false;
  let from = 0;
  return ends.map((end, i) => {
    const piece = text.slice(from, end);
    from = end;
    const fence = FENCE.test(piece);
    if (fence) fenced = !fenced;
    const code = fence || fenced || isCode(piece);
    const kept = i < FIRST_KEPT || i >= ends.length - LAST_KEPT || code;
    const at = ends.length === 1 ? 0 : i / (ends.length - 1);
    return { text: piece, at, bytes: Buffer.byteLength(piece), kept, code };
  });
}

function isCode(line: string): boolean {
  const signs = line.match(CODE_SIGN)?.length ?? 0;
  return signs > CODE_SHARE * line.length || /^(?: {4}|\t)/.test(line);
}

/** What the rest of the prompt is read for. */
function questionOf(messages: readonly Message[]): string {
  const last = messages.findLast(({ role }) => role === 'user');
  const texts = last?.content.flatMap(part => (part.type === 'text' ? [part.text] : [])) ?? [];
  return texts
    .map(text => {
      const ends = sentenceEnds(text);
      const from = text.length < SHORTEST ? 0 : (ends.at(-QUESTION_SENTENCES - 1) ?? 0);
      return text.slice(Math.max(from, text.length - SHORTEST * QUESTION_SENTENCES));
    })
    .join('\n');
}

function resumed({ text, code }: Piece): string {
  return code ? `${GAP_BEFORE_CODE}${text}` : `${GAP}${text.trimStart()}`;
}

function without(pieces: readonly Piece[], left: ReadonlySet<Piece>): string {
  let out = '';
  let gap = false;
  for (const piece of pieces) {
    if (left.has(piece)) {
      gap = true;
      continue;
    }
    out += gap ? resumed(piece) : piece.text;
    gap = false;
  }
  return out;
}
