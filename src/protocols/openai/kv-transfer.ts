import { WeirError } from '#contract/errors.js';
import { withMembers } from './body-members.js';

/** What vLLM's connectors ask of the engine that computes a prompt for another (`kv_transfer_params`, NIXL connector). */
const FOR_ANOTHER = Object.freeze({
  do_remote_decode: true,
  do_remote_prefill: false,
  remote_engine_id: null,
  remote_block_ids: null,
  remote_host: null,
  remote_port: null,
});

/**
 * The body that has an engine compute the prompt of a chat or text completion and keep its KV for another: one token, whole, as vLLM's
 * proxy for disaggregated prefill sends it.
 */
export function prefillBody(body: Buffer, servedModel: string): Buffer {
  const { stream_options: _, min_tokens: __, ...asked } = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  const one = 'max_completion_tokens' in asked ? { max_completion_tokens: 1 } : undefined;
  const limits = { model: servedModel, stream: false, n: 1, max_tokens: 1, ...one };
  return Buffer.from(JSON.stringify({ ...asked, ...limits, kv_transfer_params: FOR_ANOTHER }));
}

/** A body with the transfer it is to begin with. It counts before one that the client may have written. */
export function withKvTransfer(body: Buffer, params: string): Buffer {
  return withMembers(body, `"kv_transfer_params":${params}`);
}

/**
 * What an engine says of the KV that it keeps for another, as JSON.
 *
 * @throws WeirError `upstream.malformed` when it says nothing: it is no engine that hands KV on.
 */
export function kvTransferOf(answer: Buffer): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.toString('utf8'));
  } catch (cause) {
    throw new WeirError('upstream.malformed', 'The prefill replica answered with no JSON', { cause });
  }
  const params =
    typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>).kv_transfer_params : undefined;
  if (typeof params === 'object' && params !== null && !Array.isArray(params)) return JSON.stringify(params);
  throw new WeirError('upstream.malformed', 'The prefill replica kept no KV: its answer has no kv_transfer_params');
}
