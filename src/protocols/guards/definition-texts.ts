import type { TextRewrite } from '#contract/answer-guard.js';
import { isObject, type Json } from '#protocols/json.js';
import { mapStrings } from './strings.js';

/** Top-level members of the bodies of all APIs that say which tools there are, and how an answer has to be. */
export const DEFINITIONS = [
  'tools',
  'functions',
  'response_format',
  'text',
  'output_format',
  'output_config',
  'structured_outputs',
  'guided_json',
  'guided_choice',
] as const;
type Definition = (typeof DEFINITIONS)[number];

/** Members below which there is more of a definition. */
const HOLDERS: ReadonlySet<string> = new Set([...DEFINITIONS, 'function', 'custom', 'json_schema', 'format']);
const SCHEMAS: ReadonlySet<string> = new Set([
  'parameters',
  'input_schema',
  'output_schema',
  'schema',
  'json',
  'guided_json',
]);
/** What a model reads of a definition or a schema. */
const PROSE: ReadonlySet<string> = new Set(['description', 'server_description', 'title', '$comment']);
/** Values that a model may take over: examples of a tool's input, what an answer may be. */
const VALUES: ReadonlySet<string> = new Set([
  'input_examples',
  'choice',
  'guided_choice',
  'enum',
  'const',
  'default',
  'example',
  'examples',
]);
/** Keywords of JSON Schema that hold schemas by names, which are no keywords. */
const NAMED: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
]);

export function isDefinition(key: string): key is Definition {
  return DEFINITIONS.some(known => known === key);
}

/**
 * What defines tools or the form of an answer with its texts changed: what tells a model what they are for, and the values that schemas name. Names of
 * tools and of members, types, formats, patterns, grammars, addresses and credentials stay.
 */
export function definitionRewritten(key: Definition, value: unknown, rewrite: TextRewrite): unknown {
  return memberOf(key, value, text => rewrite(text, 'definition'));
}

type Change = (text: string) => string;

function everyText(value: unknown, change: Change): unknown {
  return mapStrings(value, change);
}

function memberOf(key: string, item: unknown, change: Change): unknown {
  if (VALUES.has(key)) return everyText(item, change);
  if (typeof item === 'string') return PROSE.has(key) ? change(item) : item;
  if (SCHEMAS.has(key)) return schemaOf(item, change);
  return HOLDERS.has(key) ? definitionOf(item, change) : item;
}

function definitionOf(value: unknown, change: Change): unknown {
  if (Array.isArray(value)) return value.map(item => definitionOf(item, change));
  return isObject(value) ? mapped(value, (key, item) => memberOf(key, item, change)) : value;
}

function schemaOf(value: unknown, change: Change): unknown {
  if (Array.isArray(value)) return value.map(item => schemaOf(item, change));
  return isObject(value) ? mapped(value, (key, item) => keywordOf(key, item, change)) : value;
}

function keywordOf(key: string, item: unknown, change: Change): unknown {
  if (VALUES.has(key)) return everyText(item, change);
  if (typeof item === 'string') return PROSE.has(key) ? change(item) : item;
  return NAMED.has(key) && isObject(item) ? mapped(item, (_, one) => schemaOf(one, change)) : schemaOf(item, change);
}

function mapped(holder: Json, change: (key: string, item: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(holder).map(([key, item]) => [key, change(key, item)]));
}
