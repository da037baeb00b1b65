import { lookup as machineLookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { WeirError } from '#contract/errors.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import type { AddressGuard } from '#identity/address-guard.js';
import type { FetchJson } from '#identity/token-verifier.js';

const TIMEOUT: Milliseconds = 5000;
const MAX_BYTES: Bytes = 1024 * 1024;

/**
 * Reads JSON from URLs that did not come from the configuration file's pools: keys of token issuers. The name is resolved once and
 * the connection made to the very address that was judged; redirects are not followed; time and size are bounded.
 *
 * The returned function rejects with `network.blocked`, or with `auth.unavailable` when there is no such document.
 */
export function guardedFetch(guard: AddressGuard): FetchJson {
  return text =>
    new Promise((resolve, reject) => {
      const url = guard.checkUrl(text, 'url');
      const fail = (why: string, cause?: unknown): void =>
        reject(new WeirError('auth.unavailable', `${url.origin} ${why}`, { cause }));
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const request = send(url, {
        agent: false,
        lookup: guardedLookup(guard),
        headers: { accept: 'application/json' },
      });
      request.setTimeout(TIMEOUT, () => request.destroy(new Error('timeout')));
      const deadline = setTimeout(() => request.destroy(new Error('timeout')), 2 * TIMEOUT).unref();
      request.on('close', () => clearTimeout(deadline));
      request.on('error', error => {
        if (error instanceof WeirError) reject(error);
        else fail(`does not answer (${(error as NodeJS.ErrnoException).code ?? error.message})`, error);
      });
      request.on('response', response => {
        if (response.statusCode !== 200) {
          response.destroy();
          fail(`answered with status ${response.statusCode}; redirects are not followed`);
          return;
        }
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_BYTES) request.destroy(new Error('too long an answer'));
          else chunks.push(chunk);
        });
        response.on('error', error => fail('broke off', error));
        response.on('end', () => {
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
          } catch (error) {
            fail('answered with something other than JSON', error);
          }
        });
      });
      request.end();
    });
}

/** The machine's lookup, all of whose answers must be allowed: a name that changes between look and call gains nothing. */
export function guardedLookup(guard: AddressGuard, lookup = machineLookup): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      try {
        guard.checkResolved(
          host,
          addresses.map(({ address }) => address),
        );
      } catch (blocked) {
        callback(blocked as NodeJS.ErrnoException, '', 0);
        return;
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}
