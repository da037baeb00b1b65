import type { WeirError } from '#contract/errors.js';

const TYPES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  404: 'NotFoundError',
  405: 'MethodNotAllowedError',
  413: 'BadRequestError',
  429: 'TooManyRequestsError',
};

/** An error in the form that vLLM gives it. */
export function errorBody({ status, message, path, hint }: WeirError) {
  const text = hint === undefined ? message : `${message} ${hint}`;
  return { error: { message: text, type: TYPES[status] ?? 'InternalServerError', param: path ?? null, code: status } };
}
