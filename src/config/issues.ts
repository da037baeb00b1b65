import type { z } from 'zod';
import { ERRORS, type ErrorCode } from '#contract/errors.js';
import type { JsonSchema } from './json-schema.js';
import { schemasAt } from './json-schema.js';
import { suggestion } from './nearest.js';
import type { Finding, Path } from './problem.js';

type Issue = z.core.$ZodIssue;

/**
 * What Zod found, in our words: the same code for the same mistake everywhere, and what would be right.
 *
 * @param schema the JSON Schema of what was parsed: where the valid names come from.
 */
export function explainIssues(issues: readonly Issue[], value: unknown, schema: JsonSchema): readonly Finding[] {
  return explainAll(issues, [], value, schema);
}

/** A check of a whole says nothing new while a part of it is wrong. */
function explainAll(issues: readonly Issue[], base: Path, value: unknown, schema: JsonSchema): readonly Finding[] {
  const parts = issues.filter(issue => issue.code !== 'custom');
  return issues
    .filter(issue => issue.code !== 'custom' || !parts.some(part => within(part, issue.path)))
    .flatMap(issue => explain(issue, base, value, schema));
}

function within(issue: Issue, path: readonly PropertyKey[]): boolean {
  const inside = issue.path.length > path.length || issue.code === 'unrecognized_keys';
  return inside && path.every((step, index) => issue.path[index] === step);
}

function explain(issue: Issue, base: Path, value: unknown, schema: JsonSchema): readonly Finding[] {
  const path: Path = [...base, ...issue.path.map(step => (typeof step === 'number' ? step : String(step)))];
  const found = at(value, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key => unknownKey(key, path, value, schema));
    case 'invalid_type':
      if (found === undefined) return [missing(path, schema)];
      return [invalid(path, wrongType(issue.expected, found, path, schema), describe(path, schema))];
    case 'invalid_value': {
      if (found === undefined) return [missing(path, schema)];
      return [notAllowed(found, issue.values.map(String), path)];
    }
    case 'too_small':
    case 'too_big':
      return [invalid(path, bound(issue), describe(path, schema))];
    case 'not_multiple_of':
      return [invalid(path, `expected a multiple of ${issue.divisor}`)];
    case 'invalid_format':
      return [
        invalid(
          path,
          issue.format === 'url' ? 'expected a URL, such as http://127.0.0.1:8000' : expected(issue.message),
        ),
      ];
    case 'invalid_key': {
      const inner = issue.issues[0];
      return [{ ...invalid(path, expected(inner?.message ?? issue.message)), at: 'key' }];
    }
    case 'invalid_element':
      return explainAll(issue.issues, path, value, schema);
    case 'invalid_union':
      return explainUnion(issue, path, value, schema);
    case 'custom':
      return [custom(issue, path)];
  }
}

/** Of a union's branches, the one that the writer came nearest to speaks. */
function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  value: unknown,
  schema: JsonSchema,
): readonly Finding[] {
  const found = at(value, path);
  if (issue.errors.length === 0) {
    const { options } = issue as { options?: readonly unknown[] };
    if (found === undefined) return [missing(path, schema)];
    return [notAllowed(found, (options ?? []).map(String), path)];
  }
  const branches = issue.errors.map(errors => ({ errors, distance: distanceOf(errors) }));
  const least = Math.min(...branches.map(branch => branch.distance));
  const near = branches.filter(branch => branch.distance === least);
  if (near.length === 1 || least < WRONG_TYPE)
    return explainAll(bestOf(near.map(branch => branch.errors)), path, value, schema);
  const choices = issue.errors
    .flat()
    .flatMap(error => (error.code === 'invalid_value' ? error.values.map(String) : []));
  if (typeof found === 'string' && choices.length >= LEAST_CHOICES) return [notAllowed(found, choices, path)];
  const wanted = new Set(issue.errors.flatMap(errors => errors.map(wantedBy)));
  wanted.delete('');
  if (wanted.size === 0 || found === undefined) return [missing(path, schema)];
  return [invalid(path, `expected ${[...wanted].join(' or ')}`, describe(path, schema))];
}

const WRONG_TYPE = 1000;
/** So many words to choose from make a text a misspelt one of them rather than a value of the wrong type. */
const LEAST_CHOICES = 3;
const MOST_LISTED = 8;

/** How far a value is from a branch: wrong type altogether, else keys that do not belong, else faults further in. */
function distanceOf(errors: readonly Issue[]): number {
  let distance = 0;
  for (const error of errors) {
    if (error.path.length > 0) distance += error.code === 'invalid_type' ? 2 : 1;
    else if (error.code === 'unrecognized_keys') distance += 20 * error.keys.length;
    else distance += error.code === 'custom' ? 5 : WRONG_TYPE;
  }
  return distance;
}

function bestOf(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  return branches.reduce((best, branch) => (branch.length < best.length ? branch : best));
}

function wantedBy(issue: Issue): string {
  if (issue.path.length > 0) return '';
  if (issue.code === 'invalid_type') return typeName(issue.expected);
  if (issue.code === 'invalid_value') {
    return issue.values.length > MOST_LISTED
      ? `one of ${issue.values.length} words`
      : issue.values.map(quote).join(' or ');
  }
  return expected(issue.message).replace(/^expected /, '');
}

function unknownKey(key: string, path: Path, value: unknown, schema: JsonSchema): Finding {
  const used = new Set(Object.keys((at(value, path) ?? {}) as object));
  const known = schemasAt(schema, path).flatMap(branch => Object.keys(branch.properties ?? {}));
  const unused = [...new Set(known)].filter(name => !used.has(name));
  const hint = suggestion(key, unused.length > 0 ? unused : known);
  return {
    code: 'config.unknown_key',
    path: [...path, key],
    at: 'key',
    message: `no setting has the name ${quote(key)} here`,
    ...(hint !== undefined && { hint }),
  };
}

function missing(path: Path, schema: JsonSchema): Finding {
  const hint = describe(path, schema);
  return {
    code: 'config.missing',
    path,
    at: 'key',
    message: `${quote(path.at(-1) ?? 'a value')} is missing`,
    ...(hint !== undefined && { hint }),
  };
}

/** Messages that only name what would be right. */
const NOUN = /^(?:an?|exactly|at least|at most|only|one of|printable) /;

/** A fragment's own check: it may name a code and a hint in the issue's `params`. */
function custom(issue: z.core.$ZodIssueCustom, path: Path): Finding {
  const { code, hint, at } = (issue.params ?? {}) as { code?: unknown; hint?: unknown; at?: unknown };
  return {
    ...invalid(
      path,
      NOUN.test(issue.message) ? `expected ${issue.message}` : issue.message,
      typeof hint === 'string' ? hint : undefined,
    ),
    ...(typeof code === 'string' && Object.hasOwn(ERRORS, code) && { code: code as ErrorCode }),
    ...(at === 'key' && { at: 'key' }),
  };
}

function notAllowed(found: unknown, choices: readonly string[], path: Path): Finding {
  return invalid(path, `${quote(found)} is not allowed here`, suggestion(String(found), choices));
}

function invalid(path: Path, message: string, hint?: string): Finding {
  return { code: 'config.invalid', path, at: 'value', message, ...(hint !== undefined && { hint }) };
}

/** What the setting is for: the first sentence of its description. */
function describe(path: Path, schema: JsonSchema): string | undefined {
  const description = schemasAt(schema, path).find(branch => branch.description !== undefined)?.description;
  return description === undefined ? undefined : (/^.*?(?=[.;](?: |$))/.exec(description)?.[0] ?? description);
}

function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const than = issue.code === 'too_small' ? 'at least' : 'at most';
  const strict = issue.inclusive === false ? (issue.code === 'too_small' ? 'more than' : 'less than') : than;
  switch (issue.origin) {
    case 'string':
      return limit === 1 && issue.code === 'too_small' ? 'expected some text' : `expected ${than} ${limit} characters`;
    case 'array':
    case 'set':
      return `expected ${than} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
    case 'object':
    case 'map':
      return `expected ${than} ${limit} ${limit === 1 ? 'key' : 'keys'}`;
    default:
      return `expected ${strict} ${limit}`;
  }
}

function expected(message: string): string {
  const text = message.replace(/^Invalid [\w ]+: /, '');
  return /^expected /i.test(text) ? `e${text.slice(1)}` : `expected ${text}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  null: 'nothing',
};

function typeName(type: string): string {
  return TYPE_NAMES[type] ?? type;
}

/** Quantities by the titles of their schemas: what to write where a bare number is not enough. */
const QUANTITIES: Readonly<Record<string, string>> = {
  duration: 'a duration with a unit, such as 500ms, 2s, 5m or 1h',
  size: 'a size with a unit, such as 512KiB, 32MB or 1GB',
};

function wrongType(type: string, found: unknown, path: Path, schema: JsonSchema): string {
  const title = schemasAt(schema, path).find(branch => branch.title !== undefined)?.title ?? '';
  const wanted = QUANTITIES[title] ?? typeName(type);
  return type === 'int' && typeof found === 'number'
    ? `expected ${wanted}`
    : `expected ${wanted}, not ${typeName(kindOf(found))}`;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function quote(value: unknown): string {
  if (typeof value === 'object' && value !== null) return typeName(kindOf(value));
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** The value at a path; `undefined` when there is none. */
export function at(value: unknown, path: Path): unknown {
  let inner = value;
  for (const step of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) return undefined;
    inner = (inner as Record<string | number, unknown>)[step];
  }
  return inner;
}
