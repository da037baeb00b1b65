import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import { readJson } from './body.js';
import { parseRequest } from './requests.js';
import { checkModel, type EngineService, sendJson } from './service.js';

const MOST_INPUTS = 2048;
const DEFAULT_DIMENSIONS = 64;

const schema = z.looseObject({
  model: z.string().max(256),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(MOST_INPUTS), z.array(z.int()).min(1)]),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).max(4096).nullish(),
});

/** `POST /v1/embeddings`, as OpenAI answers it. */
export async function embed(service: EngineService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = parseRequest(schema, await readJson(request));
  checkModel(service, body);
  if (service.backend.embed === undefined) {
    throw new WeirError('request.invalid', `The model \`${body.model}\` gives no embeddings.`, { path: 'model' });
  }
  const { input } = body;
  const texts =
    typeof input === 'string' ? [input] : input.every(one => typeof one === 'string') ? input : [input.join(' ')];
  const embedded = service.backend.embed(texts, body.dimensions ?? DEFAULT_DIMENSIONS);
  const data = embedded.map(({ vector }, index) => {
    const embedding =
      body.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector);
    return { object: 'embedding', index, embedding };
  });
  const tokens = embedded.reduce((sum, one) => sum + one.tokens, 0);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  sendJson(service, response, 200, { object: 'list', data, model: service.servedAs, usage });
}
