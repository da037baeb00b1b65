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

/** The texts of a scope, never joined: a term that straddles two messages or parts is in neither. */
export interface ScopedText {
  readonly texts: readonly string[];
  /** Length of all text in the scope. */
  readonly length: number;
  /** Whether the middle was left out because there was more than {@link MAX_SCANNED}. */
  readonly truncated: boolean;
}

const NOTHING: ScopedText = { texts: [], length: 0, truncated: false };

/** The text that a signal with this scope reads, in order. */
export function scopedText(request: InferenceRequest, scope: Scope): ScopedText {
  const texts = scope === 'last_user' ? lastUserTexts(request.messages) : textsOf(request.messages, scope);
  let length = 0;
  for (const text of texts) length += text.length;
  if (length === 0) return NOTHING;
  return length <= MAX_SCANNED
    ? { texts, length, truncated: false }
    : { texts: headAndTail(texts), length, truncated: true };
}

function lastUserTexts(messages: readonly Message[]): string[] {
  const texts: string[] = [];
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (message?.role !== 'user') continue;
    for (const part of message.content) if (part.type === 'text') texts.push(part.text);
    // A message of tool results only is not the user speaking.
    if (texts.length > 0) return texts;
  }
  return texts;
}

function textsOf(messages: readonly Message[], scope: 'user' | 'system' | 'all'): string[] {
  const texts: string[] = [];
  for (const message of messages) {
    if (scope !== 'all' && message.role !== scope) continue;
    for (const part of message.content) {
      const text = scope === 'all' ? partText(part) : part.type === 'text' ? part.text : '';
      if (text !== '') texts.push(text);
    }
  }
  return texts;
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
