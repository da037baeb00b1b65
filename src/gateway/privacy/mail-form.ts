import type { InferenceRequest } from '#contract/request.js';

/** What stands for an address where an engine lets nothing through that is none: of a domain that can never be (RFC 2606). */
export const MAIL_FORM = /email_[a-z2-7]{8,26}@masked\.invalid/g;

const HEAD = 'email_';
const DOMAIN = '@masked.invalid';
const BEGUN = /^email_[a-z2-7]{0,26}(@[a-z.]*)?$/;
const LONGEST = HEAD.length + 26 + DOMAIN.length;
/** Deepest nesting of a schema that is looked at: deeper than any goes. */
const DEEPEST = 64;

/** A placeholder in the form of an address. @param placeholder in brackets. */
export function inMailForm(placeholder: string): string {
  return HEAD + placeholder.slice(placeholder.lastIndexOf('_') + 1, -1) + DOMAIN;
}

/** Where what may be the beginning of such a placeholder stands at a text's end; the text's length when there is none. */
export function mailBeginning(text: string): number {
  const at = text.lastIndexOf(HEAD);
  if (at >= 0 && text.length - at < LONGEST) {
    const domain = BEGUN.exec(text.slice(at));
    if (domain !== null && DOMAIN.startsWith(domain[1] ?? '')) return at;
  }
  for (let size = HEAD.length - 1; size > 0; size--) if (text.endsWith(HEAD.slice(0, size))) return text.length - size;
  return text.length;
}

/** Whether an engine may hold the model to addresses: by a schema of the answer, or one of a tool that has them. */
export function demandsMail({ sampling, tools }: Pick<InferenceRequest, 'sampling' | 'tools'>): boolean {
  return sampling.structured || tools.some(({ parameters }) => hasMail(parameters, DEEPEST));
}

function hasMail(schema: unknown, depth: number): boolean {
  if (typeof schema !== 'object' || schema === null || depth === 0) return false;
  const { format } = schema as { readonly format?: unknown };
  if (format === 'email' || format === 'idn-email') return true;
  return Object.values(schema).some(inner => hasMail(inner, depth - 1));
}
