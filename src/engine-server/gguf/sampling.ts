import { WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import type { ChatRequest, TextRequest } from '#engine-server/requests.js';
import type { EvaluateOptions, LlamaLibrary, LlamaModel, Token } from './library.js';

/** Most tokens that `logit_bias` may name. */
const MOST_BIASED = 300;
/** Far enough down that a token is never drawn. */
const NEVER = { logit: -1e9 };
const SEEDS = 4_294_967_296;

/** The options that decide which token is drawn; `produced` says how many tokens the answer has, `drawn` which. */
export function samplingOf(
  request: ChatRequest | TextRequest,
  { library, model }: { readonly library: LlamaLibrary; readonly model: LlamaModel },
  answer: { readonly seed: number; readonly drawn: readonly Token[] },
): EvaluateOptions {
  const { temperature, top_p: topP, top_k: topK, min_p: minP } = request;
  const presencePenalty = request.presence_penalty ?? 0;
  const frequencyPenalty = request.frequency_penalty ?? 0;
  const penalised = presencePenalty !== 0 || frequencyPenalty !== 0;
  return {
    temperature: temperature ?? 1,
    seed: answer.seed,
    ...(topP !== null && topP !== undefined && { topP }),
    ...(topK !== null && topK !== undefined && topK > 0 && { topK }),
    ...(minP !== null && minP !== undefined && { minP }),
    ...(penalised && {
      repeatPenalty: { punishTokens: () => answer.drawn, penalty: 1, presencePenalty, frequencyPenalty },
    }),
    ...biasOf(request, library, model, () => answer.drawn.length),
  };
}

/** A seed for the sampler: the request's, one further for each choice; without one, another each time. */
export function seedOf(asked: number | null | undefined, choice: number, draw: () => number): number {
  const seed = asked ?? draw();
  return (((seed + choice) % SEEDS) + SEEDS) % SEEDS;
}

function biasOf(
  { logit_bias: asked, ignore_eos: ignoreEnd, min_tokens: least }: ChatRequest | TextRequest,
  library: LlamaLibrary,
  model: LlamaModel,
  produced: () => Tokens,
): { readonly tokenBias?: () => InstanceType<LlamaLibrary['TokenBias']> } {
  const wanted = Object.entries(asked ?? {});
  const needed = ignoreEnd === true ? Number.POSITIVE_INFINITY : (least ?? 0);
  if (wanted.length === 0 && needed === 0) return {};
  const build = () => {
    const bias = new library.TokenBias(model.tokenizer);
    for (const [token, value] of wanted) bias.set(Number(token), { logit: value });
    return bias;
  };
  const open = build();
  const endless = build();
  for (const end of [model.tokens.eos, model.tokens.eot]) if (end !== null) endless.set(end, NEVER);
  return { tokenBias: () => (produced() < needed ? endless : open) };
}

/** @throws WeirError `request.invalid` for what this engine cannot do, with the path of it and what it can do instead. */
export function refuseWhatCannotBe(request: ChatRequest | TextRequest): void {
  const refuse = (path: string, message: string, hint?: string): never => {
    throw new WeirError('request.invalid', message, { path, ...(hint !== undefined && { hint }) });
  };
  if (request.logprobs !== null && request.logprobs !== undefined && request.logprobs !== false)
    refuse('logprobs', 'This engine cannot give log probabilities: it sees them only after sampling has changed them.');
  const bias = Object.entries(request.logit_bias ?? {});
  if (bias.length > MOST_BIASED) refuse('logit_bias', `logit_bias names more than ${MOST_BIASED} tokens.`);
  for (const [token, value] of bias) {
    if (!/^\d{1,7}$/.test(token)) refuse(`logit_bias.${token.slice(0, 20)}`, 'logit_bias is keyed by token ids.');
    if (Math.abs(value) > 100) refuse(`logit_bias.${token}`, 'A bias lies between -100 and 100.');
  }
  if ('messages' in request) refuseTools(request as ChatRequest, refuse);
  for (const name of ['best_of', 'suffix', 'echo', 'guided_json', 'guided_regex', 'guided_grammar']) {
    const value = (request as Record<string, unknown>)[name];
    if (value !== undefined && value !== null && value !== false && !(name === 'best_of' && value === 1))
      refuse(name, `This engine does not know ${name}.`);
  }
}

function refuseTools(
  { tools, tool_choice: choice }: ChatRequest,
  refuse: (path: string, message: string, hint: string) => never,
): void {
  if (!tools || tools.length === 0) return;
  if (choice === undefined || choice === null || choice === 'auto')
    refuse(
      'tool_choice',
      'This engine cannot tell by itself whether to call a tool.',
      'Say none, required, or name one: then the call is held to its schema.',
    );
}
