import { isDeepStrictEqual } from 'node:util';

/** Values that a member has where nothing is asked for by it, beside `null`: those of OpenAI's APIs and of vLLM. */
const DEFAULTS: Readonly<Record<string, unknown>> = Object.assign(Object.create(null) as Record<string, unknown>, {
  logprobs: false,
  top_logprobs: 0,
  logit_bias: {},
  modalities: ['text'],
  function_call: 'auto',
  best_of: 1,
  echo: false,
  background: false,
  chat_template_kwargs: {},
  ignore_eos: false,
  include_reasoning: true,
  include_stop_str_in_output: false,
  length_penalty: 1,
  min_p: 0,
  min_tokens: 0,
  priority: 0,
  repetition_penalty: 1,
  return_tokens_as_token_ids: false,
  skip_special_tokens: true,
  spaces_between_special_tokens: true,
  use_beam_search: false,
  add_generation_prompt: true,
  continue_final_message: false,
});
/** Service tiers that are what everybody gets. */
const USUAL_TIERS: ReadonlySet<unknown> = new Set(['auto', 'default']);

/** Whether a member of a request says no more than if it were not there. */
export function saysNothing(key: string, value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value) && value.length === 0) return true;
  if (key === 'service_tier') return USUAL_TIERS.has(value);
  return key in DEFAULTS && isDeepStrictEqual(value, DEFAULTS[key]);
}
