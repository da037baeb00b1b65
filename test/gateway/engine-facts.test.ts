import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { engineReport } from '#gateway/upstream/engine-facts.js';

describe('what an engine says of itself', () => {
  it('is read from the metrics of vLLM', () => {
    const text = `# HELP vllm:cache_config_info Information of the LLMEngine CacheConfig
# TYPE vllm:cache_config_info gauge
vllm:cache_config_info{block_size="16",cache_dtype="auto",num_cpu_blocks="0",num_gpu_blocks="2588"} 1.0
process_start_time_seconds 1.71234567e+09
`;
    expect(engineReport(text)).toEqual({ cacheTokens: 2588 * 16, startedAt: 1_712_345_670 });
  });

  it('is nothing where it says nothing, whatever it says', () => {
    expect(engineReport('vllm:cache_config_info{block_size="16",num_gpu_blocks="None"} 1')).toEqual({});
    fc.assert(
      fc.property(fc.string(), text => {
        expect(engineReport(text)).toEqual({});
      }),
    );
  });
});
