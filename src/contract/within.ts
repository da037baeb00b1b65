import { isWeirError, WeirError } from './errors.js';

/**
 * What `work` gives; an error of the catalogue that it throws gets the path `field`, with the place within it after a colon where
 * the error had one: `second: pool.pools.chat.gpu`.
 */
export function within<Given>(field: string, work: () => Given): Given {
  try {
    return work();
  } catch (error) {
    throw errorWithin(field, error);
  }
}

/** As {@link within}, for an error that has been thrown already; whatever is none of the catalogue's is returned as it is. */
export function errorWithin(field: string, error: unknown): unknown {
  if (!isWeirError(error)) return error;
  const { code, message, path, hint, status, retryAfterMs } = error;
  return new WeirError(code, message, {
    ...{ path: path === undefined || path === '' ? field : `${field}: ${path}`, status, cause: error },
    ...(hint === undefined ? {} : { hint }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
