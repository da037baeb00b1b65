import { WeirError } from '#contract/errors.js';

/** An object out of a parsed body. */
export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is a string, else the empty string. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The elements that are objects; none when it is no array. */
export function objectsIn(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** @returns `undefined` for what is no JSON object. */
export function parsedObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The member if it is of the type, nothing if it is absent or null. @throws WeirError `request.invalid` for another type. */
export function optional(body: Json, key: string, type: 'string'): string | undefined;
export function optional(body: Json, key: string, type: 'number'): number | undefined;
export function optional(body: Json, key: string, type: 'boolean'): boolean | undefined;
export function optional(body: Json, key: string, type: 'string' | 'number' | 'boolean'): unknown {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== type) throw invalid(key, `${key} must be a ${type}`, `a ${type}`);
  return value;
}

/** A count of at least `least`. @throws WeirError `request.invalid`. */
export function optionalCount(body: Json, key: string, least = 1): number | undefined {
  const value = body[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    throw invalid(key, `${key} must be an integer of at least ${least}`, 'a whole number');
  }
  return value;
}

/** The name of the model. @throws WeirError `request.invalid`. */
export function modelOf(body: Json): string {
  const { model } = body;
  if (typeof model !== 'string' || model === '') {
    throw invalid('model', 'model must be a string', 'a model name, or "auto"');
  }
  if (model.length > 256) throw invalid('model', 'model is too long', 'a name of at most 256 characters');
  return model;
}

/** Bounds of metadata, as OpenAI documents them with some room. */
const METADATA = { entries: 32, chars: 1024 } as const;

/** The texts in a `metadata` object, bounded. */
export function metadataOf(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return NO_METADATA;
  const texts = Object.entries(value).slice(0, METADATA.entries);
  return Object.fromEntries(
    texts.flatMap(([key, item]) =>
      typeof item === 'string' ? [[key.slice(0, 128), item.slice(0, METADATA.chars)]] : [],
    ),
  );
}

const NO_METADATA: Readonly<Record<string, string>> = Object.freeze({});

export function invalid(path: string, message: string, hint: string): WeirError {
  return new WeirError('request.invalid', message, { path, hint });
}

/** A value as an error message may show it. */
export function shown(value: unknown): string {
  return value === undefined ? '(none)' : (JSON.stringify(value)?.slice(0, 40) ?? typeof value);
}

/** Without the members that are `undefined`. */
export function compact<T extends Record<string, unknown>>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const out: Record<string, unknown> = {};
  for (const key in value) if (value[key] !== undefined) out[key] = value[key];
  return out as { [K in keyof T]: Exclude<T[K], undefined> };
}
