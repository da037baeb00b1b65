import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { readJson } from './body.js';
import { type EngineService, promptOf, SIMULATED_HEADER } from './choices.js';
import { parseRequest } from './requests.js';

const MOST_INPUTS = 2048;
const DEFAULT_DIMENSIONS = 64;

const schema = z.looseObject({
  model: z.string().max(256),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(MOST_INPUTS), z.array(z.int()).min(1)]),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).max(4096).nullish(),
});

/** `POST /v1/embeddings`: vectors of length 1 that mean nothing; equal texts have equal ones. */
export async function embed(service: EngineService, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = parseRequest(schema, await readJson(request));
  const { input } = body;
  const texts =
    typeof input === 'string' ? [input] : input.every(one => typeof one === 'string') ? input : [input.join(' ')];
  const prompts = texts.map(text => promptOf(service, body, text));
  const dimensions = body.dimensions ?? DEFAULT_DIMENSIONS;
  const data = prompts.map(({ digest }, index) => {
    const random = service.random.fork(`embedding/${digest}`);
    const raw = Float32Array.from({ length: dimensions }, () => random.next() - 0.5);
    const length = Math.hypot(...raw) || 1;
    const vector = raw.map(value => value / length);
    const embedding =
      body.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector);
    return { object: 'embedding', index, embedding };
  });
  const tokens = prompts.reduce((sum, prompt) => sum + prompt.tokens, 0);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  const text = JSON.stringify({ object: 'list', data, model: service.servedAs, usage });
  response.writeHead(200, { 'content-type': 'application/json', ...SIMULATED_HEADER });
  response.end(text);
}
