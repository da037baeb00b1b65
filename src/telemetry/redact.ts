/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

const SECRET_NAME =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|api[-_]?key|x-api-key|password|secret|token|credential)$/i;
/** Credentials by the form that providers give them, and bearer tokens. */
const SECRET_TEXT =
  /\b(?:sk-[A-Za-z0-9_-]{8,}|Bearer\s+[A-Za-z0-9._~+/-]{8,}=*|AKIA[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|xox[abprs]-[A-Za-z0-9-]{10,})/g;
const MAX_DEPTH = 5;

/** A value as a log may carry it: errors as plain data, credentials taken out by the name or the look of them. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.replace(SECRET_TEXT, REDACTED);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    const plain = {
      name,
      message,
      stack,
      ...('code' in value ? { code: value.code } : undefined),
      ...(cause === undefined ? undefined : { cause }),
    };
    return redact(plain, depth + 1);
  }
  if (Array.isArray(value)) return value.slice(0, 100).map(item => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 100)
      .map(([key, item]) => [key, SECRET_NAME.test(key) ? REDACTED : redact(item, depth + 1)]),
  );
}
