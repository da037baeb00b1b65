/**
 * A turn as the Codex CLI sends it: written from OpenAI's documentation of the Responses API and of the tools that Codex brings. Its
 * marks are a long `instructions`, the whole history in `input`, `store: false` with encrypted reasoning, and tools of free text.
 */
export const CODEX_HEADERS = {
  'content-type': 'application/json',
  accept: 'text/event-stream',
  originator: 'codex_cli_rs',
  session_id: '0199-session',
  authorization: 'Bearer sk-caller',
};

export const CODEX_TURN = {
  model: 'gpt',
  instructions: 'You are a coding agent running in the Codex CLI.',
  input: [
    {
      ...{ type: 'message', role: 'developer' },
      content: [{ type: 'input_text', text: '<permissions instructions>sandboxed</permissions instructions>' }],
    },
    {
      ...{ type: 'message', role: 'user' },
      content: [{ type: 'input_text', text: '<environment_context><cwd>/repo</cwd></environment_context>' }],
    },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Fix the bug.' }] },
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: '**Looking**' }],
      content: null,
      encrypted_content: 'gAAAAABo',
    },
    { type: 'function_call', name: 'shell', arguments: '{"command":["ls"],"workdir":"/repo"}', call_id: 'call_1' },
    { type: 'function_call_output', call_id: 'call_1', output: '{"output":"a.py","metadata":{"exit_code":0}}' },
    {
      type: 'custom_tool_call',
      status: 'completed',
      call_id: 'call_2',
      name: 'apply_patch',
      input: '*** Begin Patch\n*** End Patch',
    },
    { type: 'custom_tool_call_output', call_id: 'call_2', output: 'Success' },
    {
      ...{ type: 'local_shell_call', call_id: 'call_3', status: 'completed' },
      action: {
        type: 'exec',
        command: ['pytest'],
        timeout_ms: 1000,
        working_directory: '/repo',
        env: null,
        user: null,
      },
    },
    { type: 'function_call_output', call_id: 'call_3', output: [{ type: 'input_text', text: '1 passed' }] },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Done.' }] },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Thanks. Now the docs.' }] },
  ],
  tools: [
    {
      ...{ type: 'function', name: 'shell', description: 'Runs a shell command.', strict: false },
      parameters: {
        type: 'object',
        properties: { command: { type: 'array', items: { type: 'string' } } },
        required: ['command'],
      },
    },
    {
      ...{ type: 'custom', name: 'apply_patch', description: 'Edits files.' },
      format: { type: 'grammar', syntax: 'lark', definition: 'start: begin_patch hunk+ end_patch' },
    },
    { type: 'local_shell' },
    { type: 'web_search', external_web_access: false },
  ],
  tool_choice: 'auto',
  parallel_tool_calls: false,
  reasoning: { effort: 'medium', summary: 'auto' },
  store: false,
  stream: true,
  include: ['reasoning.encrypted_content'],
  prompt_cache_key: '0199-session',
  text: { verbosity: 'low' },
};
