import { ERRORS, type ErrorCode, isWeirError, WeirError } from '#contract/errors.js';
import { isRejection, Rejection } from '#gateway/admin/rejection.js';

/** An error on its way to another process. */
export interface Failure {
  readonly message: string;
  readonly code?: ErrorCode;
  readonly path?: string | undefined;
  readonly hint?: string | undefined;
  readonly status?: number;
  readonly check?: Rejection['check'];
}

export function failureOf(error: unknown): Failure {
  if (!isWeirError(error)) return { message: error instanceof Error ? error.message : String(error) };
  const { message, code, path, hint, status } = error;
  return { message, code, path, hint, status, ...(isRejection(error) ? { check: error.check } : undefined) };
}

/** The error as it was there. */
export function errorOf({ message, code, path, hint, status, check }: Failure): Error {
  if (check !== undefined) return new Rejection(check);
  if (code === undefined || !(code in ERRORS)) return new Error(message);
  return new WeirError(code, message, {
    ...(path === undefined ? undefined : { path }),
    ...(hint === undefined ? undefined : { hint }),
    ...(status === undefined ? undefined : { status }),
  });
}
