import type { RetentionDirective } from '#contract/placement.js';

/** A body with more members, written as JSON without braces. They stand last, where they count before any of the same name. */
export function withMembers(body: Buffer, members: string): Buffer {
  const end = body.lastIndexOf('}');
  const between = body.subarray(0, end).toString('latin1').trimEnd().endsWith('{') ? '' : ',';
  return Buffer.concat([body.subarray(0, end), Buffer.from(`${between}${members}}`)]);
}

/**
 * A body that asks vLLM to keep its KV (pull request 38514; durations in seconds, the scope is whose it is). One that says itself what is to
 * be kept stays as it is.
 */
export function withRetention(
  body: Buffer,
  { tokens, priority, durationMs }: RetentionDirective,
  scope: string,
): Buffer {
  if (body.includes('"retention_directives"')) return body;
  const directive = { start: 0, end: Math.ceil(tokens), priority, duration: Number((durationMs / 1000).toFixed(3)) };
  return withMembers(
    body,
    `"retention_directives":[${JSON.stringify(directive)}],"retention_scope":${JSON.stringify(scope)}`,
  );
}
