import {
  type createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';

/** Keys that a token without a key id is tried with at most. */
const MOST_TRIED = 16;

/**
 * Verifies a token by the keys of its issuer. One that names no key (`kid` is optional: RFC 7515, 4.1.4) is tried with each that its
 * algorithm can have made it with; where none of them has, the issuer may have another key by now: that is an unknown key, as a name nobody
 * knows is.
 *
 * @throws what `jwtVerify` of jose throws; `JWKSNoMatchingKey` when another look at the keys may help.
 */
export async function verifySigned(
  token: string,
  keySet: ReturnType<typeof createLocalJWKSet>,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keySet, options)).payload;
  } catch (error) {
    if (decodeProtectedHeader(token).kid !== undefined) throw error;
    if (error instanceof errors.JWKSMultipleMatchingKeys) return verifyByAny(token, error, options);
    throw error instanceof errors.JWSSignatureVerificationFailed ? new errors.JWKSNoMatchingKey() : error;
  }
}

async function verifyByAny(
  token: string,
  keys: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let tried = 0;
  for await (const key of keys) {
    if (tried++ === MOST_TRIED) break;
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWKSNoMatchingKey();
}
