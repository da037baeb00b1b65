import { azure } from './azure.js';
import { burstgpt } from './burstgpt.js';
import type { TraceFormat } from './format.js';
import { mooncake } from './mooncake.js';
import { openai } from './openai.js';
import { vidur } from './vidur.js';
import { vllmBench } from './vllm-bench.js';
import { vllmLog } from './vllm-log.js';
import { weirTrace } from './weir.js';

/** Every format that is read. A line that opens one opens no other. */
export const TRACE_FORMATS: readonly TraceFormat[] = [
  weirTrace,
  azure,
  mooncake,
  burstgpt,
  vidur,
  vllmLog,
  vllmBench,
  openai,
];
