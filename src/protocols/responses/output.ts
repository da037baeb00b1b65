import type { ToolForm } from '#contract/request.js';
import { compact, isObject, type Json, parsedObject } from '#protocols/json.js';
import type { AnswerPart } from '#protocols/neutral/answer.js';
import { type ToolForms, unwrapFreeText } from '#protocols/neutral/custom-tools.js';
import { packSeal } from '#protocols/neutral/seal.js';
import type { AnswerHead } from '#protocols/protocol.js';

/** Members of the request that the response repeats, with what OpenAI takes for granted where the client said nothing. */
const REPEATED: Readonly<Record<string, unknown>> = {
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: undefined,
  reasoning: { effort: null, summary: null },
  safety_identifier: undefined,
  service_tier: 'default',
  store: true,
  temperature: 1,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: 1,
  truncation: 'disabled',
  user: undefined,
};

/** The response but for what is answered: the same at its beginning and its end. */
export function responseHead({ id, model, at }: AnswerHead, request: Json): Json {
  const repeated: Record<string, unknown> = {};
  for (const key in REPEATED) repeated[key] = request[key] ?? REPEATED[key];
  return {
    id: `resp_${id}`,
    object: 'response',
    created_at: Math.floor(at / 1000),
    background: false,
    error: null,
    model,
    ...compact(repeated),
  };
}

export function itemId(kind: 'msg' | 'fc' | 'ctc' | 'rs' | 'lsh', head: AnswerHead, index: number): string {
  return `${kind}_${head.id}_${index}`;
}

/** One item of `output`, done. */
export function outputItem(part: AnswerPart, index: number, head: AnswerHead, forms: ToolForms): Json {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return {
        id: itemId('msg', head, index),
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [textJson(part.type, part.text)],
      };
    case 'thinking': {
      const summary = part.text === '' ? [] : [{ type: 'summary_text', text: part.text }];
      return { id: itemId('rs', head, index), type: 'reasoning', summary, encrypted_content: encryptedOf(part) };
    }
    case 'tool_call':
      return callItem(part, index, head, forms.get(part.name) ?? part.form ?? 'function');
  }
}

export function textJson(type: 'text' | 'refusal', text: string): Json {
  return type === 'refusal' ? { type, refusal: text } : { type: 'output_text', text, annotations: [], logprobs: [] };
}

type Call = Extract<AnswerPart, { type: 'tool_call' }>;

function callItem({ id, name, arguments: args }: Call, index: number, head: AnswerHead, form: ToolForm): Json {
  const status = 'completed';
  switch (form) {
    case 'custom':
      return {
        ...{ id: itemId('ctc', head, index), type: 'custom_tool_call', status, call_id: id, name },
        input: unwrapFreeText(args),
      };
    case 'local_shell':
      return {
        ...{ id: itemId('lsh', head, index), type: 'local_shell_call', status, call_id: id },
        action: shellAction(args),
      };
    default:
      return { id: itemId('fc', head, index), type: 'function_call', status, call_id: id, name, arguments: args };
  }
}

function shellAction(args: string): Json {
  const { command, working_directory, timeout_ms, env } = parsedObject(args) ?? {};
  return compact({
    type: 'exec',
    command: Array.isArray(command) ? command.map(String) : typeof command === 'string' ? ['sh', '-c', command] : [],
    env: isObject(env) ? env : {},
    timeout_ms: typeof timeout_ms === 'number' ? timeout_ms : undefined,
    working_directory: typeof working_directory === 'string' ? working_directory : undefined,
  });
}

/** OpenAI's own encrypted thought as it is; another maker's, or one that nobody sealed, packed with its text. */
function encryptedOf(part: Extract<AnswerPart, { type: 'thinking' }>): string {
  return part.sealedBy === 'openai' && part.signature !== undefined ? part.signature : packSeal(part, true);
}
