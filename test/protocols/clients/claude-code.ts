/**
 * A turn as Claude Code sends it: written from Anthropic's documentation of the API and of what Claude Code needs from a gateway.
 * Its marks are a system prompt in blocks with cache breakpoints, thoughts with their signatures, betas, many tools, and fields
 * that come and go with its versions.
 */
export const CLAUDE_CODE_HEADERS = {
  'content-type': 'application/json',
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14',
  'x-app': 'cli',
  'user-agent': 'claude-cli/2.0.0 (external, cli)',
  authorization: 'Bearer sk-caller',
};

const ephemeral = { cache_control: { type: 'ephemeral' } };
const tool = (name: string, properties: Record<string, unknown>, rest: object = {}) => ({
  name,
  description: `The tool ${name}.`,
  input_schema: {
    ...{ $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', properties },
    ...{ required: Object.keys(properties), additionalProperties: false },
  },
  ...rest,
});

export const CLAUDE_CODE_TURN = {
  model: 'claude',
  max_tokens: 32000,
  stream: true,
  temperature: 1,
  system: [
    { type: 'text', text: "You are Claude Code, Anthropic's official CLI for Claude.", ...ephemeral },
    {
      type: 'text',
      text: 'You are an interactive CLI tool that helps users with software engineering tasks.',
      ...ephemeral,
    },
  ],
  metadata: { user_id: 'user_0123_account__session_4567' },
  thinking: { type: 'enabled', budget_tokens: 31999 },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  tools: [
    tool('Bash', { command: { type: 'string' } }),
    tool('Read', { file_path: { type: 'string' } }),
    tool('mcp__github__create_issue', { title: { type: 'string' } }, ephemeral),
    { type: 'web_search_20250305', name: 'web_search', max_uses: 8 },
  ],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: '<system-reminder>Today is Monday.</system-reminder>' },
        { type: 'text', text: 'List the files.', ...ephemeral },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'The user wants a list.', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA2b3h' },
        { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix' },
        { type: 'text', text: "I'll list them." },
        { type: 'tool_use', id: 'toolu_01A', name: 'Bash', input: { command: 'ls', timeout: 1.0 } },
        { type: 'tool_use', id: 'toolu_01B', name: 'Read', input: { file_path: '/tmp/a.png' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_01A', content: 'ls: denied', is_error: true },
        {
          type: 'tool_result',
          tool_use_id: 'toolu_01B',
          content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }],
          ...ephemeral,
        },
      ],
    },
  ],
};

/** What Claude Code asks a small model on the side: is there quota, what is this conversation about. */
export const CLAUDE_CODE_QUOTA = {
  model: 'claude',
  max_tokens: 1,
  messages: [{ role: 'user', content: 'quota' }],
  metadata: { user_id: 'user_0123_account__session_4567' },
};
