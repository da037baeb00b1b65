import { at, explainIssues } from './issues.js';
import { configJsonSchema } from './json-schema.js';
import type { Finding, Path } from './problem.js';
import { configSchema, type Settings } from './schema.js';
import type { Secrets } from './secrets.js';
import type { StandIns } from './stand-ins.js';

/**
 * What a value says as a configuration; nothing when it is none. Texts that came from secrets are changed in it where another form of
 * them is what the schema wants.
 */
export function validate(
  value: unknown,
  secrets: Secrets,
  standIns: StandIns | undefined,
  tell: (finding: Finding) => void,
): Settings | undefined {
  // A start reads one configuration: compiling its schema takes longer than that.
  const first = configSchema.safeParse(value, { jitless: true });
  if (first.success) return first.data;
  // A variable is always text: where a number or a switch is expected, it is read as one.
  const typed = first.error.issues.filter(issue => issue.code === 'invalid_type' && coerce(value, issue, secrets));
  const changed = standIns !== undefined && suited(value, standIns, first.error.issues);
  const result = typed.length === 0 && !changed ? first : configSchema.safeParse(value);
  if (result.success) return result.data;
  for (const finding of explainIssues(result.error.issues, value, configJsonSchema())) tell(finding);
  return undefined;
}

/** The blocks that are valid in themselves: what they say of one another is checked although another block is not. */
export function validBlocks(value: unknown): Partial<Settings> {
  const blocks: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(configSchema.shape)) {
    const parsed = schema.safeParse(at(value, [name]));
    if (parsed.success) blocks[name] = parsed.data;
  }
  return blocks as Partial<Settings>;
}

function coerce(value: unknown, issue: { readonly expected?: string; readonly path: PropertyKey[] }, secrets: Secrets) {
  const path = issue.path as Path;
  const parent = at(value, path.slice(0, -1));
  const key = path.at(-1);
  const text = at(value, path);
  if (!secrets.has(path) || typeof text !== 'string' || typeof parent !== 'object' || parent === null) return false;
  const read =
    issue.expected === 'boolean'
      ? { true: true, false: false }[text]
      : /^(?:number|int)$/.test(issue.expected ?? '') && /^-?\d+(?:\.\d+)?$/.test(text)
        ? Number(text)
        : undefined;
  if (read === undefined || key === undefined) return false;
  (parent as Record<string | number, unknown>)[key] = read;
  return true;
}

/** Gives stand-ins another form where theirs is wrong, if there is one that is right. @returns whether there was. */
function suited(value: unknown, standIns: StandIns, issues: readonly { readonly path: PropertyKey[] }[]): boolean {
  let fitted = false;
  const wrong = (path: Path, found: readonly { readonly path: PropertyKey[] }[]) =>
    found.some(issue => issue.path.every((step, index) => step === path[index]));
  for (const { path, texts } of standIns.texts()) {
    const parent = at(value, path.slice(0, -1)) as Record<string | number, unknown> | undefined;
    const key = path.at(-1);
    if (parent === undefined || key === undefined || !wrong(path, issues)) continue;
    const before = parent[key];
    const right = texts.some(text => {
      parent[key] = text;
      const again = configSchema.safeParse(value);
      return again.success || !wrong(path, again.error.issues);
    });
    if (right) fitted = true;
    else parent[key] = before;
  }
  return fitted;
}
