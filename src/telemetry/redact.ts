/** Names of fields whose values are credentials, whatever they look like. */
const SECRET_NAME =
  /authorization|api[-_]?key|cookie|secret|passw(?:or)?d|credential|private[-_]?key|(?:^|[-_])token$|(?:access|refresh|auth|bearer|session|id)token$/i;

/** What credentials look like inside of texts. Each keeps enough to tell which kind it was. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}/gi, '$1 …'],
  [/\b(sk|wk|pk|rk|gsk|xai|hf|ghp|gho|glpat|xoxb|xoxp)([-_])[A-Za-z0-9_-]{8,}/g, '$1$2…'],
  [/\bAIza[A-Za-z0-9_-]{20,}/g, 'AIza…'],
  [/\bAKIA[A-Z0-9]{12,}/g, 'AKIA…'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, 'eyJ…'],
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/:@]*:[^\s/@]+@/gi, '$1…@'],
];

/** What stands where a secret stood. */
export const REDACTED = '[redacted]';
const MAX_DEPTH = 6;
const MAX_ENTRIES = 64;
const MAX_TEXT = 8192;

/** A text with what looks like a credential taken out, cut at 8,192 characters. */
export function redactText(text: string): string {
  let clean = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  for (const [pattern, kept] of SECRET_TEXTS) clean = clean.replace(pattern, kept);
  return clean;
}

/**
 * A value as plain data for a log: credentials taken out by name of field and by look, errors opened, depth, breadth and length
 * bounded, so that nothing that is logged can hold a secret, a cycle or a whole request.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return '[function]';
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ENTRIES).map(item => redact(item, depth + 1));
    if (value.length > MAX_ENTRIES) items.push(`… ${value.length - MAX_ENTRIES} more`);
    return items;
  }
  return redactFields(value as Readonly<Record<string, unknown>>, depth);
}

/** The fields of an object, redacted. */
export function redactFields(fields: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  let entries = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (++entries > MAX_ENTRIES) {
      clean['…'] = `${Object.keys(fields).length - MAX_ENTRIES} more`;
      break;
    }
    clean[name] = SECRET_NAME.test(name) && isCredential(value) ? REDACTED : redact(value, depth + 1);
  }
  return clean;
}

/** A flag or a count under such a name (`cookies: 3`) gives nothing away. */
function isCredential(value: unknown): boolean {
  return typeof value !== 'number' && typeof value !== 'boolean' && value !== null;
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause, ...rest } = error as Error & Readonly<Record<string, unknown>>;
  return {
    type: name,
    message: redactText(message),
    ...redactFields(rest, depth),
    ...(stack === undefined ? undefined : { stack: redactText(stack) }),
    ...(cause === undefined ? undefined : { cause: redact(cause, depth + 1) }),
  };
}
