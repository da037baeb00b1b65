import type { IncomingMessage } from 'node:http';
import { WeirError } from '#contract/errors.js';

/** Longest body that engines read. */
const MOST_BYTES = 32_000_000;

/**
 * Reads a request's body as JSON.
 *
 * @throws WeirError `request.too_large`, `request.not_json`; `client.gone` when the connection broke.
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw new WeirError('request.too_large', `The body is longer than ${MOST_BYTES} bytes.`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof WeirError) throw error;
    throw new WeirError('client.gone', 'The connection broke before the body was whole.', { cause: error });
  }
  const text = (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString();
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new WeirError('request.not_json', 'The body is not JSON.', { cause });
  }
}
