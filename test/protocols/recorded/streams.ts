/**
 * Streams as the providers' documentation shows them, shortened: thoughts, then text, then a call of a tool. Written from
 * platform.claude.com (streaming messages), platform.openai.com (Responses streaming events) and the vLLM documentation (reasoning
 * outputs).
 */

const sse = (events: readonly (readonly [string, unknown])[]): string =>
  events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join('');

type Typed = { readonly type: string; readonly [key: string]: unknown };
const typed = (events: readonly Typed[]): string => sse(events.map(event => [event.type, event]));

export const ANTHROPIC_STREAM = typed([
  {
    type: 'message_start',
    message: {
      ...{ id: 'msg_01', type: 'message', role: 'assistant', model: 'claude', content: [] },
      ...{ stop_reason: null, stop_sequence: null },
      usage: { input_tokens: 25, cache_creation_input_tokens: 100, cache_read_input_tokens: 2000, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
  { type: 'ping' },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Let me ' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'look.' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: "I'll check the weather – café." } },
  { type: 'content_block_stop', index: 1 },
  {
    type: 'content_block_start',
    index: 2,
    content_block: { type: 'tool_use', id: 'toolu_01', name: 'get_weather', input: {} },
  },
  { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '' } },
  { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"location":' } },
  { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: ' "Paris"}' } },
  { type: 'content_block_stop', index: 2 },
  { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 89 } },
  { type: 'message_stop' },
]);

const response = { id: 'resp_01', object: 'response', created_at: 1, model: 'gpt', output: [] };
const message = { id: 'msg_1', type: 'message', role: 'assistant' };
const call = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'get_weather' };
const thought = {
  id: 'rs_1',
  type: 'reasoning',
  summary: [{ type: 'summary_text', text: 'Let me look.' }],
  encrypted_content: 'gAAAA',
};
const said = { type: 'output_text', text: "I'll check the weather – café.", annotations: [] };

export const RESPONSES_STREAM = typed([
  { type: 'response.created', response: { ...response, status: 'in_progress' } },
  { type: 'response.in_progress', response: { ...response, status: 'in_progress' } },
  { type: 'response.output_item.added', output_index: 0, item: { ...thought, summary: [] } },
  { type: 'response.reasoning_summary_part.added', item_id: 'rs_1', output_index: 0, summary_index: 0, part: {} },
  {
    type: 'response.reasoning_summary_text.delta',
    item_id: 'rs_1',
    output_index: 0,
    summary_index: 0,
    delta: 'Let me ',
  },
  { type: 'response.reasoning_summary_text.delta', item_id: 'rs_1', output_index: 0, summary_index: 0, delta: 'look.' },
  { type: 'response.output_item.done', output_index: 0, item: thought },
  { type: 'response.output_item.added', output_index: 1, item: { ...message, status: 'in_progress', content: [] } },
  {
    type: 'response.content_part.added',
    item_id: 'msg_1',
    output_index: 1,
    content_index: 0,
    part: { ...said, text: '' },
  },
  { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 1, content_index: 0, delta: said.text },
  { type: 'response.output_text.done', item_id: 'msg_1', output_index: 1, content_index: 0, text: said.text },
  { type: 'response.content_part.done', item_id: 'msg_1', output_index: 1, content_index: 0, part: said },
  { type: 'response.output_item.done', output_index: 1, item: { ...message, status: 'completed', content: [said] } },
  { type: 'response.output_item.added', output_index: 2, item: { ...call, arguments: '', status: 'in_progress' } },
  { type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 2, delta: '{"location":' },
  { type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 2, delta: ' "Paris"}' },
  {
    type: 'response.function_call_arguments.done',
    item_id: 'fc_1',
    output_index: 2,
    arguments: '{"location": "Paris"}',
  },
  {
    type: 'response.output_item.done',
    output_index: 2,
    item: { ...call, arguments: '{"location": "Paris"}', status: 'completed' },
  },
  {
    type: 'response.completed',
    response: {
      ...{ ...response, status: 'completed' },
      usage: {
        ...{ input_tokens: 2125, input_tokens_details: { cached_tokens: 2000 }, output_tokens: 89 },
        ...{ output_tokens_details: { reasoning_tokens: 12 }, total_tokens: 2214 },
      },
    },
  },
]);

const chunk = (delta: unknown, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const tool = (index: number, rest: unknown): string => chunk({ tool_calls: [{ index, ...(rest as object) }] });

export const CHAT_STREAM = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ reasoning_content: 'Let me ' }),
  chunk({ reasoning_content: 'look.' }),
  chunk({ content: "I'll check the weather – café." }),
  tool(0, { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '' } }),
  tool(0, { function: { arguments: '{"location":' } }),
  tool(0, { function: { arguments: ' "Paris"}' } }),
  chunk({}, 'tool_calls'),
  `data: ${JSON.stringify({
    ...{ id: 'c', object: 'chat.completion.chunk', choices: [] },
    usage: {
      ...{ prompt_tokens: 2125, completion_tokens: 89, total_tokens: 2214 },
      prompt_tokens_details: { cached_tokens: 2000 },
    },
  })}\n\n`,
  'data: [DONE]\n\n',
].join('');
