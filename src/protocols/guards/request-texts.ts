import type { SentText, TextRewrite } from '#contract/answer-guard.js';
import { BodyEdits } from '#protocols/body-edits.js';
import { isObject, type Json } from '#protocols/json.js';
import { jsonBody } from '#protocols/json-body.js';

/** Members that hold what a model reads, in the parts and messages of any of the APIs. */
const TEXTS: ReadonlySet<string> = new Set([
  'content',
  'text',
  'refusal',
  'reasoning',
  'reasoning_content',
  'thinking',
  'output',
  'instructions',
]);
/** Members whose every text is read by the model: a tool's input, a shell's command, a document. */
const WHOLE: ReadonlySet<string> = new Set(['input', 'action', 'source_text', 'title', 'context']);
/** Members below which there is more of this. */
const HOLDERS: ReadonlySet<string> = new Set([
  ...TEXTS,
  'summary',
  'tool_calls',
  'function',
  'function_call',
  'custom',
  'source',
]);

/**
 * A message, part, item or list of them with every text that a model reads changed. Where texts stand is the same in all the APIs; ids,
 * roles, names, signatures, images and files stay.
 */
export function textsRewritten(value: unknown, rewrite: TextRewrite): unknown {
  if (Array.isArray(value)) return value.map(item => textsRewritten(item, rewrite));
  if (!isObject(value)) return value;
  const out: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) out[key] = memberRewritten(value, key, item, rewrite);
  return out;
}

function memberRewritten(holder: Json, key: string, item: unknown, rewrite: TextRewrite): unknown {
  if (typeof item === 'string') {
    if (key === 'arguments') return rewrite(item, true);
    if (key === 'input' || (key === 'data' && holder.type === 'text')) return rewrite(item, false);
    return TEXTS.has(key) || WHOLE.has(key) ? rewrite(item, false) : item;
  }
  if (WHOLE.has(key)) return everyText(item, rewrite);
  return HOLDERS.has(key) ? textsRewritten(asParts(item, rewrite), rewrite) : item;
}

/** Some lists of parts hold bare texts. */
function asParts(value: unknown, rewrite: TextRewrite): unknown {
  return Array.isArray(value) ? value.map(item => (typeof item === 'string' ? rewrite(item, false) : item)) : value;
}

function everyText(value: unknown, rewrite: TextRewrite): unknown {
  if (typeof value === 'string') return rewrite(value, false);
  if (Array.isArray(value)) return value.map(item => everyText(item, rewrite));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, everyText(item, rewrite)]));
}

/** Top-level members of the bodies of all APIs that a model, or its provider, reads as text. */
const MEMBERS = [
  'messages',
  'system',
  'instructions',
  'input',
  'prompt',
  'suffix',
  'prediction',
  'user',
  'safety_identifier',
  'metadata',
] as const;

/** Members in which applications say who the end user is. */
const NAMING: ReadonlySet<string> = new Set(['user', 'safety_identifier']);

/** A body with every text that a model reads changed; all else goes on byte for byte. */
export function bodyRewritten(bytes: Buffer, rewrite: TextRewrite): Buffer {
  const { text, body } = jsonBody(bytes);
  const edits = new BodyEdits(bytes, text, body);
  for (const key of MEMBERS) {
    const value = body[key];
    if (value === undefined || value === null) continue;
    const printed = JSON.stringify(bodyMember(key, value, rewrite));
    if (printed !== JSON.stringify(value)) edits.setText(key, printed);
  }
  return edits.applied();
}

/**
 * Every text of a body that {@link bodyRewritten} changes.
 *
 * @param naming the member of `metadata` that says who the end user is, in an API where one does.
 */
export function bodyTexts(body: Json, naming?: string): SentText[] {
  return MEMBERS.flatMap(key => {
    const value = body[key];
    if (key !== 'metadata' || naming === undefined || !isObject(value)) {
      return textsOf(see => bodyMember(key, value, see), NAMING.has(key));
    }
    const { [naming]: user, ...rest } = value;
    return [...textsOf(see => everyText(user, see), true), ...textsOf(see => everyText(rest, see))];
  });
}

/** Every text that a change of texts is asked for. */
export function textsOf(changed: (see: TextRewrite) => unknown, namesUser = false): SentText[] {
  const texts: SentText[] = [];
  changed((text, json) => {
    texts.push(namesUser ? { text, json, namesUser } : { text, json });
    return text;
  });
  return texts;
}

function bodyMember(key: (typeof MEMBERS)[number], value: unknown, rewrite: TextRewrite): unknown {
  if (key === 'metadata') return everyText(value, rewrite);
  return typeof value === 'string' ? rewrite(value, false) : textsRewritten(asParts(value, rewrite), rewrite);
}
