import type { z } from 'zod';

/** What a schema found wrong with a value, in words for whoever sent it: what is missing, what nobody knows, what would be right. */
export function issueText(issue: z.core.$ZodIssue, value: unknown): string {
  const found = at(value, issue.path);
  const name = issue.path.at(-1);
  if (found === undefined && name !== undefined && SAY_MISSING.has(issue.code)) return `${String(name)} is missing`;
  switch (issue.code) {
    case 'unrecognized_keys':
      return `nothing is called ${issue.keys.map(key => JSON.stringify(key)).join(' or ')} here`;
    case 'invalid_type':
      return `expected ${TYPES[issue.expected] ?? issue.expected}${found === undefined ? '' : `, not ${nameOf(found)}`}`;
    case 'invalid_value':
      return `expected ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    default:
      return issue.message;
  }
}

/** Codes that an absent value gives. */
const SAY_MISSING: ReadonlySet<string> = new Set(['invalid_type', 'invalid_value', 'invalid_union']);

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** Of what has a length the bound is that of the length. */
function bound(origin: string, than: string, limit: number | bigint): string {
  if (origin === 'string') return `expected ${than} ${limit} ${limit === 1 ? 'character' : 'characters'}`;
  if (origin === 'array' || origin === 'set') return `expected ${than} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  return `expected ${than} ${limit}`;
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  return typeof value === 'object' ? 'an object' : String(value);
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<PropertyKey, unknown>)[step];
  }
  return found;
}
