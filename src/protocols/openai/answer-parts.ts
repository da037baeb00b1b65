import type { GuardChain } from '#protocols/guards/guard-chain.js';
import { isObject, type Json } from '#protocols/json.js';

/** What a part of an answer's content holds. */
type PartKind = 'text' | 'thinking';

/** Members of a part that hold text. */
const HOLDERS = ['text', 'refusal', 'thinking'] as const;

/** The block that texts of a choice's parts, or its thoughts among them, belong to. */
export const partKey = (index: number, kind: PartKind): string =>
  `${index}.${kind === 'text' ? 'content' : 'thoughts'}`;

/** A part that says this text. */
export function partOf(kind: PartKind, text: string): Json {
  const said = { type: 'text', text };
  return kind === 'text' ? said : { type: 'thinking', thinking: [said] };
}

/**
 * Leads the texts of a content that is a list of parts past the guards: Mistral's models and some engines say so what others say in one
 * string. Texts of one kind are one block, however many parts they come in. @returns the parts, and before each what was held back of the other kind.
 */
export function partsThrough(parts: readonly unknown[], index: number, guards: GuardChain): unknown[] {
  return parts.flatMap(part => {
    const kind = kindOf(part);
    let held: readonly Json[] = [];
    const said = textsThrough(part, text => {
      // What is no text ends none.
      held = [...held, ...heldOf(index, kind === 'text' ? 'thinking' : 'text', guards)];
      return guards.text(partKey(index, kind), kind, text);
    });
    return [...held, said];
  });
}

/** A whole content of parts, led past the guards. */
export function wholeParts(parts: readonly unknown[], index: number, guards: GuardChain): unknown[] {
  const said = partsThrough(parts, index, guards);
  return [...said, ...heldOf(index, 'thinking', guards), ...heldOf(index, 'text', guards)];
}

/** All texts of a content that are no thoughts, one after the other; those of its thoughts. */
export function textsIn(content: unknown, kind: PartKind): string {
  if (!Array.isArray(content)) return '';
  let all = '';
  for (const part of content) {
    if (kindOf(part) !== kind) continue;
    textsThrough(part, text => {
      all += text;
      return text;
    });
  }
  return all;
}

function heldOf(index: number, kind: PartKind, guards: GuardChain): Json[] {
  const text = guards.close(partKey(index, kind));
  return text === '' ? [] : [partOf(kind, text)];
}

function kindOf(part: unknown): PartKind {
  return isObject(part) && (typeof part.thinking === 'string' || Array.isArray(part.thinking)) ? 'thinking' : 'text';
}

/** A part with each of its texts led past. Thoughts may be a list of parts themselves; nothing nests deeper. */
function textsThrough(part: unknown, lead: (text: string) => string): unknown {
  if (!isObject(part) || !Array.isArray(part.thinking)) return textThrough(part, lead);
  return { ...part, thinking: part.thinking.map(one => textThrough(one, lead)) };
}

function textThrough(part: unknown, lead: (text: string) => string): unknown {
  if (typeof part === 'string') return part === '' ? part : lead(part);
  if (!isObject(part)) return part;
  const said: Record<string, unknown> = { ...part };
  for (const member of HOLDERS) {
    const text = part[member];
    if (typeof text === 'string' && text !== '') said[member] = lead(text);
  }
  return said;
}
