import { z } from 'zod';
import { WeirError } from '#contract/errors.js';

/** Most answers to one request, over all its prompts. */
export const MOST_CHOICES = 64;

const stop = z
  .union([z.string(), z.array(z.string()).max(16)])
  .nullish()
  .transform(value => (typeof value === 'string' ? [value] : (value ?? [])));

const limit = z.int().min(1).nullish();

const probability = z.number().min(0).max(1).nullish();
const penalty = z.number().min(-2).max(2).nullish();

/** What the completions API gives when `max_tokens` is not said. */
export const DEFAULT_TEXT_TOKENS = 16;

/** How vLLM's connectors speak of KV that goes from one engine to another. */
export const kvTransfer = z.looseObject({
  do_remote_decode: z.boolean().nullish(),
  do_remote_prefill: z.boolean().nullish(),
  remote_engine_id: z.string().max(256).nullish(),
  remote_request_id: z.string().max(256).nullish(),
  remote_host: z.string().max(256).nullish(),
  remote_port: z.int().min(1).max(65_535).nullish(),
});

/** What of a request's KV is to be kept, as vLLM pull request 38514 has it; durations in seconds. */
const retention = z.looseObject({
  start: z.int().min(0),
  end: z.int().min(0).nullish(),
  priority: z.number().min(0).max(100),
  duration: z.number().min(0).max(86_400).nullish(),
});

export type KvTransferParams = z.output<typeof kvTransfer>;

const shared = {
  model: z.string().max(256),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: limit,
  min_tokens: z.int().min(0).nullish(),
  ignore_eos: z.boolean().nullish(),
  n: z.int().min(1).max(MOST_CHOICES).nullish(),
  seed: z.int().nullish(),
  stop,
  temperature: z.number().min(0).max(100).nullish(),
  top_p: probability,
  top_k: z.int().min(-1).max(1_000_000).nullish(),
  min_p: probability,
  presence_penalty: penalty,
  frequency_penalty: penalty,
  logit_bias: z.record(z.string(), z.number()).nullish(),
  kv_transfer_params: kvTransfer.nullish(),
  retention_directives: z.array(retention).max(16).nullish(),
};

const tool = z.looseObject({
  type: z.string(),
  function: z.looseObject({ name: z.string(), parameters: z.unknown().optional() }).optional(),
});

const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).nullish(),
});

/** What engines read of a chat completion request; all else is let pass. */
export const chatSchema = z.looseObject({
  ...shared,
  messages: z.array(message).min(1),
  max_completion_tokens: limit,
  logprobs: z.boolean().nullish(),
  /** Whether thoughts are to come before the answer, where the model has any. */
  include_reasoning: z.boolean().nullish(),
  response_format: z
    .looseObject({ type: z.string(), json_schema: z.looseObject({ schema: z.unknown().optional() }).optional() })
    .nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: z
    .union([z.enum(['none', 'auto', 'required']), z.looseObject({ function: z.looseObject({ name: z.string() }) })])
    .nullish(),
});

/** What engines read of a text completion request. */
export const textSchema = z.looseObject({
  ...shared,
  prompt: z.union([z.string(), z.array(z.string()).min(1).max(MOST_CHOICES), z.array(z.int()).min(1)]),
  logprobs: z.int().min(0).nullish(),
});

/** What `/tokenize` reads, for a chat. */
export const tokenizeChatSchema = z.looseObject({
  model: z.string().max(256),
  messages: z.array(message).min(1),
  tools: z.array(tool).nullish(),
});

/** What `/tokenize` reads, for a text. */
export const tokenizeTextSchema = z.looseObject({ model: z.string().max(256), prompt: z.string() });

export type ChatRequest = z.output<typeof chatSchema>;
export type TextRequest = z.output<typeof textSchema>;

/** @throws WeirError `request.invalid`, with the path of the first thing wrong. */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new WeirError('request.invalid', `${path === '' ? 'body' : path}: ${issue?.message ?? 'invalid'}`, { path });
}

/** The prompts of a text completion: each a text, or token ids. */
export function promptTexts(prompt: TextRequest['prompt']): readonly (string | readonly number[])[] {
  if (typeof prompt === 'string') return [prompt];
  return typeof prompt[0] === 'number' ? [prompt as number[]] : (prompt as string[]);
}

/** The prompt as one text, in the manner of a chat template: tools first, then each message under its role. */
export function promptText(request: Pick<ChatRequest, 'messages' | 'tools'>): string {
  let text = request.tools && request.tools.length > 0 ? `<|tools|>${JSON.stringify(request.tools)}\n` : '';
  for (const { role, content, tool_calls } of request.messages) {
    text += `<|${role}|>\n`;
    if (typeof content === 'string') text += content;
    else for (const part of content ?? []) text += typeof part.text === 'string' ? part.text : JSON.stringify(part);
    if (tool_calls !== undefined) text += JSON.stringify(tool_calls);
    text += '\n';
  }
  return `${text}<|assistant|>\n`;
}

/** The tool that the request says has to be called; `undefined` when it leaves that open. */
export function demandedTool(
  request: ChatRequest,
): { readonly name: string; readonly parameters: unknown } | undefined {
  const { tool_choice: choice, tools } = request;
  if (choice === null || choice === undefined || choice === 'none' || choice === 'auto') return undefined;
  const named = typeof choice === 'string' ? undefined : choice.function.name;
  const found = tools?.find(one => one.function !== undefined && (named === undefined || one.function.name === named));
  if (found?.function === undefined) {
    throw new WeirError('request.invalid', 'tool_choice asks for a tool that tools does not have.', {
      path: 'tool_choice',
    });
  }
  return { name: found.function.name, parameters: found.function.parameters };
}
