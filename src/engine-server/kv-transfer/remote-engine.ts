import { request as ask, type IncomingMessage } from 'node:http';
import { WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import { readJson } from '#engine-server/body.js';
import {
  type ChatRequest,
  type KvTransferParams,
  kvTransfer,
  parseRequest,
  type TextRequest,
} from '#engine-server/requests.js';
import { prefillBody } from '#protocols/openai/kv-transfer.js';

/** Longest silence of another engine. */
const SILENCE_MS = 60_000;

/**
 * Fetches KV that another engine keeps. Resolves with its tokens when all of it has come.
 *
 * @param have tokens from the start that are here already.
 * @param client whom it is for: when the client leaves, so does the transfer.
 * @throws WeirError `upstream.connect` when the other engine has none of it, `upstream.cut` when it broke off.
 */
export function pullKv(params: KvTransferParams, have: Tokens, client: IncomingMessage): Promise<Tokens> {
  const { remote_host: host, remote_port: port, remote_request_id: id } = params;
  if (typeof host !== 'string' || typeof port !== 'number' || typeof id !== 'string') {
    throw new WeirError('request.invalid', 'kv_transfer_params says not where the KV is.', {
      path: 'kv_transfer_params',
    });
  }
  return new Promise((resolve, reject) => {
    const call = ask({
      host,
      port,
      path: `/kv/${encodeURIComponent(id)}?have=${have}`,
      agent: false,
      timeout: SILENCE_MS,
    });
    const gone = (): void => {
      call.destroy();
    };
    client.socket.once('close', gone);
    const settle = (how: () => void): void => {
      client.socket.off('close', gone);
      how();
    };
    const cut = (cause: Error): void =>
      settle(() => reject(new WeirError('upstream.cut', 'The KV of the prompt did not arrive whole.', { cause })));
    call.on('timeout', gone);
    call.on('error', cause =>
      settle(() =>
        reject(new WeirError('upstream.connect', 'The engine that has the KV cannot be reached.', { cause })),
      ),
    );
    call.on('response', response => {
      response.on('error', cut);
      response.resume();
      if (response.statusCode !== 200) {
        settle(() => reject(new WeirError('upstream.status', 'The other engine keeps no such KV.')));
        return;
      }
      response.on('end', () => settle(() => resolve(Number(response.headers['x-kv-tokens']) || 0)));
    });
    call.end();
  });
}

/** Has another engine compute a prompt. @returns where its KV is. @throws when the engine does not answer or keeps none. */
export function askForPrompt(
  hostPort: string,
  path: string,
  body: ChatRequest | TextRequest,
): Promise<KvTransferParams | undefined> {
  return new Promise((resolve, reject) => {
    const url = new URL(path, `http://${hostPort}`);
    const call = ask(url, { method: 'POST', agent: false, timeout: SILENCE_MS });
    call.on('timeout', () => call.destroy());
    call.on('error', reject);
    call.on('response', response => {
      if (response.statusCode !== 200) {
        response.resume();
        reject(new WeirError('upstream.status', `The prefill engine answered with status ${response.statusCode}`));
        return;
      }
      readJson(response).then(answer => {
        const { kv_transfer_params: params } = answer as { readonly kv_transfer_params?: unknown };
        resolve(params === undefined ? undefined : parseRequest(kvTransfer, params));
      }, reject);
    });
    call.end(prefillBody(Buffer.from(JSON.stringify(body)), body.model));
  });
}
