/** Prometheus text of engines: what is read of it is a sane number or nothing. */
import { engineReport } from '../../../dist/gateway/upstream/engine-facts.js';
import { chance, number, pick, shuffled, words } from '../draw.mjs';

export const name = 'metrics';

export function generate(random) {
  const label = () =>
    `${pick(random, ['block_size', 'num_gpu_blocks', 'model_name', 'x'])}="${chance(random, 0.7) ? number(random) : words(random)}"`;
  const lines = [
    `vllm:cache_config_info{${label()},${label()},${label()}} 1.0`,
    `process_start_time_seconds${chance(random, 0.3) ? `{${label()}}` : ''} ${number(random)}`,
    '# HELP vllm:cache_config_info x',
    `vllm:num_requests_running{${label()}} ${number(random)}`,
  ];
  return [shuffled(random, lines).join(pick(random, ['\n', '\r\n']))];
}

export function check([text = '']) {
  const { cacheTokens, startedAt } = engineReport(text);
  if (cacheTokens !== undefined && !(Number.isSafeInteger(cacheTokens) && cacheTokens > 0))
    throw new Error(`a cache of ${cacheTokens}`);
  if (startedAt !== undefined && !Number.isFinite(startedAt)) throw new Error(`a start at ${startedAt}`);
}
