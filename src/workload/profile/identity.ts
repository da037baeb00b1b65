import type { Caller, InferenceRequest, Message } from '#contract/request.js';
import { toUtf8 } from '#contract/wire-text.js';
import { endsOf, fingerprint, hex } from './hash-chain.js';

/** Names and session ids longer than this are replaced by their fingerprint. */
const MAX_NAME = 96;
const PLAIN = /^[\w.@:-]+$/;
const NOT_PLAIN = /[^\w.@:-]/g;

/**
 * The conversation a request belongs to, as `caller/conversation`. The conversation is the caller's own id when one of
 * `headers` (lower case, first found counts) carries it, else `~` and a fingerprint of how it began: system prompt and first user
 * message, which all later turns repeat. The caller is part of it and no two callers are written alike, so tenants never
 * share a session, whatever ids they send.
 */
export function sessionOf(request: InferenceRequest, headers: readonly string[], system: string): string {
  const caller = tenant(request.caller);
  for (const header of headers) {
    const id = request.caller.headers[header];
    if (id !== undefined && id !== '') return `${caller}/${named(id)}`;
  }
  return `${caller}/~${hex(fingerprint([system, firstUserText(request.messages)]))}`;
}

/** Who asks: key and user as far as known, else the address. Different callers are always written differently. */
function tenant(caller: Caller): string {
  const { key, user } = caller;
  if (key !== undefined) return user === undefined ? `k=${named(key)}` : `k=${named(key)},u=${named(user)}`;
  return user === undefined ? `a=${named(caller.address)}` : `u=${named(user)}`;
}

/** A name in letters, digits and `_ . @ : -`, others as `%` and four hexadecimal digits; a long one as `#` and its fingerprint. */
function named(text: string): string {
  if (text.length > MAX_NAME) {
    const utf8 = toUtf8(text);
    return `#${hex(fingerprint([utf8], utf8.length))}${hex(fingerprint(['second', utf8], utf8.length))}`;
  }
  if (PLAIN.test(text)) return text;
  return text.replace(NOT_PLAIN, unit => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** What {@link systemOf} gives where there is no system message. */
const NO_SYSTEM = hex(0);

/** Fingerprint, in hexadecimal, of the system messages that a conversation begins with; all zeros when there are none. */
export function systemOf(messages: readonly Message[]): string {
  const texts: string[] = [];
  for (const message of messages) {
    if (message.role !== 'system') break;
    addTexts(message, texts);
  }
  return texts.length === 0 ? NO_SYSTEM : hex(fingerprint(texts));
}

/** Fingerprint of system prompt and tool names, in hexadecimal; empty when there are neither. */
export function applicationOf(request: InferenceRequest, system: string): string {
  if (request.tools.length === 0) return system === NO_SYSTEM ? '' : system;
  return hex(fingerprint([system, ...request.tools.map(tool => toUtf8(tool.name))]));
}

function firstUserText(messages: readonly Message[]): string {
  for (const message of messages) {
    if (message.role !== 'user') continue;
    const texts: string[] = [];
    addTexts(message, texts);
    return texts.length === 1 ? texts[0]! : hex(fingerprint(texts));
  }
  return '';
}

function addTexts(message: Message, texts: string[]): void {
  for (const part of message.content) {
    if (part.type === 'text') texts.push(part.utf8 ?? toUtf8(part.text));
    else if (part.type === 'tool_result' || part.type === 'thinking') texts.push(toUtf8(part.text));
    else if (part.type !== 'tool_call') texts.push(endsOf(part.source));
  }
}
