import type { SentText, TextRewrite } from '#contract/answer-guard.js';
import { BodyEdits } from '#protocols/body-edits.js';
import { isObject, type Json } from '#protocols/json.js';
import { jsonBody } from '#protocols/json-body.js';
import { DEFINITIONS, definitionRewritten, isDefinition } from './definition-texts.js';
import { mapStrings } from './strings.js';

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
/** Whose messages a `name` says the author of; of others it is a tool's. */
const AUTHORS: ReadonlySet<unknown> = new Set(['user', 'assistant', 'system', 'developer']);
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
 * roles, names of tools, signatures, images and files stay.
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
    if (key === 'arguments') return rewrite(item, 'arguments');
    if (key === 'name') return AUTHORS.has(holder.role) ? rewrite(item, 'name') : item;
    const said = TEXTS.has(key) || WHOLE.has(key) || (key === 'data' && holder.type === 'text');
    return said ? rewrite(item, 'text') : item;
  }
  if (WHOLE.has(key)) return everyText(item, rewrite);
  // Of a prompt that the provider keeps: by name, texts and parts.
  if (key === 'variables' && isObject(item)) return variablesRewritten(item, rewrite);
  return HOLDERS.has(key) ? textsRewritten(asParts(item, rewrite), rewrite) : item;
}

/** Some lists of parts hold bare texts. */
function asParts(value: unknown, rewrite: TextRewrite): unknown {
  return Array.isArray(value) ? value.map(item => (typeof item === 'string' ? rewrite(item, 'text') : item)) : value;
}

function variablesRewritten(variables: Json, rewrite: TextRewrite): Json {
  const changed = (value: unknown) =>
    typeof value === 'string' ? rewrite(value, 'text') : textsRewritten(value, rewrite);
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, changed(value)]));
}

function everyText(value: unknown, rewrite: TextRewrite): unknown {
  return mapStrings(value, text => rewrite(text, 'text'));
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
  'prompt_cache_key',
  'metadata',
  ...DEFINITIONS,
] as const;

/** Members in which applications say who the end user is. */
const NAMING: ReadonlySet<string> = new Set(['user', 'safety_identifier', 'prompt_cache_key']);

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
  changed((text, as) => {
    texts.push(namesUser ? { text, as, namesUser } : { text, as });
    return text;
  });
  return texts;
}

function bodyMember(key: (typeof MEMBERS)[number], value: unknown, rewrite: TextRewrite): unknown {
  if (key === 'metadata') return everyText(value, rewrite);
  if (isDefinition(key)) return definitionRewritten(key, value, rewrite);
  return typeof value === 'string' ? rewrite(value, 'text') : textsRewritten(asParts(value, rewrite), rewrite);
}
