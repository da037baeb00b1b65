import { z } from 'zod';
import { type InferenceRequest, type Message, partText } from '#contract/request.js';

export const scopeSchema = z
  .enum(['last_user', 'user', 'system', 'all'])
  .default('last_user')
  .describe(
    'Which text is read: the last user message, all user messages, the system prompt, or all there is (with answers, tool calls and tool results).',
  );

export type Scope = z.output<typeof scopeSchema>;

/** Most characters of a request that one signal reads; half from the beginning and half from the end when there are more. */
export const MAX_SCANNED = 65_536;

/** A piece of text of a request: a message's part, most often. */
export interface Piece {
  readonly text: string;
  /** Its bytes in UTF-8, one character each, where it came so: what can be said by them needs no decoding. */
  readonly utf8?: string;
}

/** The texts of a scope, never joined: a term that straddles two messages or parts is in neither. */
export interface ScopedText {
  readonly pieces: readonly Piece[];
  /** Length of all text in the scope: in bytes where pieces have them, else in characters. */
  readonly length: number;
  /** Whether the middle was left out because there was more than {@link MAX_SCANNED}. */
  readonly truncated: boolean;
}

const NOTHING: ScopedText = { pieces: [], length: 0, truncated: false };

/** The text that a signal with this scope reads, in order. */
export function scopedText(request: InferenceRequest, scope: Scope): ScopedText {
  const pieces = scope === 'last_user' ? lastUserPieces(request.messages) : piecesOf(request.messages, scope);
  let length = 0;
  for (const piece of pieces) length += (piece.utf8 ?? piece.text).length;
  if (length === 0) return NOTHING;
  return length <= MAX_SCANNED
    ? { pieces, length, truncated: false }
    : { pieces: headAndTail(pieces.map(({ text }) => text)).map(text => ({ text })), length, truncated: true };
}

/** The texts of a scope, decoded. */
export interface ScopedTexts extends Omit<ScopedText, 'pieces'> {
  readonly texts: readonly string[];
}

/** As {@link scopedText}, for signals that read all of it as characters. */
export function scopedTexts(request: InferenceRequest, scope: Scope): ScopedTexts {
  const { pieces, length, truncated } = scopedText(request, scope);
  return { texts: pieces.map(({ text }) => text), length, truncated };
}

function lastUserPieces(messages: readonly Message[]): Piece[] {
  const pieces: Piece[] = [];
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (message?.role !== 'user') continue;
    for (const part of message.content) if (part.type === 'text') pieces.push(part);
    // A message of tool results only is not the user speaking.
    if (pieces.length > 0) return pieces;
  }
  return pieces;
}

function piecesOf(messages: readonly Message[], scope: 'user' | 'system' | 'all'): Piece[] {
  const pieces: Piece[] = [];
  for (const message of messages) {
    if (scope !== 'all' && message.role !== scope) continue;
    for (const part of message.content) {
      if (part.type === 'text') pieces.push(part);
      else if (scope === 'all') {
        const text = partText(part);
        if (text !== '') pieces.push({ text });
      }
    }
  }
  return pieces;
}

function headAndTail(texts: readonly string[]): string[] {
  const half = MAX_SCANNED / 2;
  const head: string[] = [];
  for (let i = 0, left = half; i < texts.length && left > 0; i++) {
    const text = texts[i] ?? '';
    head.push(text.length <= left ? text : text.slice(0, left));
    left -= text.length;
  }
  const tail: string[] = [];
  for (let i = texts.length - 1, left = half; i >= 0 && left > 0; i--) {
    const text = texts[i] ?? '';
    tail.push(text.length <= left ? text : text.slice(-left));
    left -= text.length;
  }
  return [...head, ...tail.reverse()];
}
