import { startEngineServer } from '#engine-server/server.js';
import { CONTEXT, engineBackendContract } from '../contracts/engine-backend.js';

engineBackendContract('a simulated engine', {
  start: () =>
    startEngineServer({ model: 'qwen3-8b', gpu: 'h100', servedAs: 'small', speed: 30, contextTokens: CONTEXT }),
  prompt: 'Once upon a time there was a river that ran over a weir and into a mill pond.',
  atOnce: 8,
});
