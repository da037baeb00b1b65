import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '#contract/clock.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { EngineBackend } from '#engine-server/backend.js';
import type { ChatRequest, KvTransferParams, TextRequest } from '#engine-server/requests.js';
import { askForPrompt, pullKv } from './remote-engine.js';

/** `prefill`: computes prompts for others (vLLM: `kv_producer`). `decode`: answers from KV that others computed (`kv_consumer`). */
export const KV_ROLES = ['prefill', 'decode', 'both'] as const;
export type KvRole = (typeof KV_ROLES)[number];

export interface KvSettings {
  readonly role: KvRole;
  /** Gigabytes a second. */
  readonly link: number;
  readonly onFailure: 'fail' | 'recompute';
  /** Times faster than the real thing. */
  readonly speed: number;
  readonly bytesPerToken: number;
}

interface Kept {
  readonly tokens: Tokens;
  readonly until: Milliseconds;
}

/** Prompts kept for others at a time, and for how long: vLLM's `VLLM_NIXL_ABORT_REQUEST_TIMEOUT`. */
const MOST_KEPT = 4096;
const KEPT_FOR: Milliseconds = 480_000;
/** Pieces that a transfer comes in, so that whoever waits sees that it goes on. */
const PIECES = 20;
const PATH = '/kv/';

/**
 * The KV connector of a simulated engine, as vLLM's NIXL connector is spoken to (`kv_transfer_params`) and as llm-d's sidecar is
 * (`x-prefiller-host-port`). In the place of KV goes a real connection that stays open for as long as the bytes would take, so that an engine
 * that ends in the middle of it is seen as it would be. The KV kept for others takes no blocks of the engine model.
 */
export class KvConnector {
  private readonly kept = new Map<string, Kept>();
  private readonly engineId = randomUUID();

  constructor(
    private readonly settings: KvSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * Fetches the KV of a prompt where another engine has computed it, or asks for that first.
   *
   * @returns prompt tokens that need not be computed here.
   * @throws WeirError `upstream.cut` or `upstream.connect` when it did not come and the policy is to fail.
   */
  async receive(
    body: ChatRequest | TextRequest,
    request: IncomingMessage,
    backend: Pick<EngineBackend, 'cachedTokens'>,
  ): Promise<Tokens> {
    if (this.settings.role === 'prefill') return 0;
    const from = request.headers['x-prefiller-host-port'];
    let params = body.kv_transfer_params ?? undefined;
    if (typeof from === 'string') {
      // A prompt that the other engine did not compute is computed here, as the sidecar has it.
      params = await askForPrompt(from, request.url ?? '', body).catch(() => undefined);
    }
    if (params?.do_remote_prefill !== true) return 0;
    try {
      return await pullKv(params, backend.cachedTokens?.(body) ?? 0, request);
    } catch (error) {
      if (this.settings.onFailure === 'recompute' || !isWeirError(error)) return 0;
      throw error;
    }
  }

  /** What an answer says of the KV that is kept for another engine; `undefined` when nobody asked for that. */
  keep(
    { kv_transfer_params: asked }: ChatRequest | TextRequest,
    tokens: Tokens,
    request: IncomingMessage,
  ): (() => { readonly kv_transfer_params: KvTransferParams }) | undefined {
    if (this.settings.role === 'decode' || asked?.do_remote_decode !== true) return undefined;
    const { localAddress = '127.0.0.1', localPort } = request.socket;
    return () => {
      const id = randomUUID();
      this.forget();
      this.kept.set(id, { tokens, until: this.clock.now() + KEPT_FOR });
      const place = { remote_host: localAddress, remote_port: localPort, remote_engine_id: this.engineId };
      const kv = { do_remote_prefill: true, do_remote_decode: false, remote_request_id: id, remote_block_ids: [] };
      return { kv_transfer_params: { ...kv, ...place } };
    };
  }

  /** Answers `GET /kv/ID`: sends what was kept, once. @returns whether that is what was asked. */
  send(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    if (!path.startsWith(PATH) || request.method !== 'GET') return false;
    const id = path.slice(PATH.length);
    const kept = this.kept.get(id);
    this.kept.delete(id);
    if (kept === undefined || kept.until < this.clock.now()) {
      throw new WeirError('request.unknown_path', 'No KV is kept under this name.');
    }
    const { link, speed, bytesPerToken } = this.settings;
    // As in vLLM, what the other engine has in its own cache is not transferred.
    const had = Number(new URLSearchParams(request.url?.split('?', 2)[1]).get('have')) || 0;
    const millis = ((Math.max(0, kept.tokens - had) * bytesPerToken) / (link * 1e9)) * (1000 / speed);
    response.writeHead(200, { 'x-kv-tokens': kept.tokens, 'content-type': 'application/octet-stream' });
    response.flushHeaders();
    const piece = (sent: number): void => {
      if (response.destroyed) return;
      if (sent === PIECES) response.end();
      else {
        response.write('.');
        this.clock.after(millis / PIECES, () => piece(sent + 1));
      }
    };
    piece(0);
    return true;
  }

  private forget(): void {
    const now = this.clock.now();
    for (const [id, { until }] of this.kept) {
      if (until >= now && this.kept.size < MOST_KEPT) return;
      this.kept.delete(id);
    }
  }
}
