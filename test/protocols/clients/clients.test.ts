import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';
import { ANTHROPIC_STREAM, CHAT_STREAM, RESPONSES_STREAM } from '../recorded/streams.js';
import { CLAUDE_CODE_HEADERS, CLAUDE_CODE_QUOTA, CLAUDE_CODE_TURN } from './claude-code.js';
import { CODEX_HEADERS, CODEX_TURN } from './codex.js';

/** Engines that answer what the providers' documentation shows. */
let claude: MockUpstream;
let gpt: MockUpstream;
let vllm: MockUpstream;
let gateway: RunningGateway;

const streamed = (body: string) => ({ kind: 'raw', type: 'text/event-stream', body }) as const;

beforeAll(async () => {
  claude = await startMockUpstream(streamed(ANTHROPIC_STREAM));
  gpt = await startMockUpstream(streamed(RESPONSES_STREAM));
  vllm = await startMockUpstream(streamed(CHAT_STREAM));
  gateway = await startGateway(`
pool:
  models: { claude: {}, gpt: {}, vllm: {} }
  pools:
    c: { model: claude, api: anthropic, api_key: sk-anthropic, health: false, replicas: ["${claude.url}"] }
    g: { model: gpt, api: responses, api_key: sk-openai, health: false, replicas: ["${gpt.url}"] }
    v: { model: vllm, health: false, replicas: ["${vllm.url}/v1"] }
`);
});
afterEach(() => {
  for (const mock of [claude, gpt, vllm]) mock.seen.length = 0;
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([claude, gpt, vllm].map(mock => mock.close()));
});

const post = (path: string, body: unknown, headers: Record<string, string>) =>
  fetch(gateway.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
const lost = (response: Response) => response.headers.get('x-weir-lost')?.split(',') ?? [];

describe('Claude Code', () => {
  it('on an Anthropic engine: everything passes both ways byte for byte, with its betas and its engine’s key', async () => {
    const response = await post('/v1/messages?beta=true', CLAUDE_CODE_TURN, CLAUDE_CODE_HEADERS);
    expect(await response.text()).toBe(ANTHROPIC_STREAM);
    expect(lost(response)).toEqual([]);
    const [seen] = claude.seen;
    expect(JSON.stringify(seen!.body)).toBe(JSON.stringify(CLAUDE_CODE_TURN));
    expect(seen!.headers).toMatchObject({
      'x-api-key': 'sk-anthropic',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': CLAUDE_CODE_HEADERS['anthropic-beta'],
    });
    expect(seen!.headers.authorization).toBeUndefined();
    const { outcome, profile } = await gateway.recordOf(response);
    expect(outcome.usage).toMatchObject({ promptTokens: 2125, cachedTokens: 2000, completionTokens: 89 });
    expect(outcome.finish).toBe('tool_use');
    expect(profile.archetype).toBe('agent');
  });

  it('on an engine that speaks Chat: tools, results and pictures arrive, and what cannot is named', async () => {
    const response = await post('/v1/messages', { ...CLAUDE_CODE_TURN, model: 'vllm' }, CLAUDE_CODE_HEADERS);
    const text = await response.text();
    expect(text).toMatch(/^event: message_start\n/);
    expect(text).toMatch(/event: message_stop\ndata: \{"type":"message_stop"\}\n\n$/);
    expect(text).toContain('"stop_reason":"tool_use"');
    expect(text).toContain('"input_tokens":125');
    expect(text).toContain('"cache_read_input_tokens":2000');
    const { body, headers } = vllm.seen[0]!;
    expect(headers['anthropic-beta']).toBeUndefined();
    expect(body).toMatchObject({
      ...{ stream: true, stream_options: { include_usage: true }, reasoning_effort: 'high', temperature: 1 },
      ...{ max_completion_tokens: 32000, user: 'user_0123_account__session_4567' },
    });
    expect(body.messages).toEqual([
      { role: 'system', content: expect.stringMatching(/^You are Claude Code.*\nYou are an interactive/) },
      { role: 'user', content: '<system-reminder>Today is Monday.</system-reminder>\nList the files.' },
      {
        ...{ role: 'assistant', content: "I'll list them." },
        tool_calls: [
          { id: 'toolu_01A', type: 'function', function: { name: 'Bash', arguments: '{"command":"ls","timeout":1}' } },
          { id: 'toolu_01B', type: 'function', function: { name: 'Read', arguments: '{"file_path":"/tmp/a.png"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'toolu_01A', content: 'ls: denied' },
      { role: 'tool', tool_call_id: 'toolu_01B', content: '' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }] },
    ]);
    expect((body.tools as { function: { name: string } }[]).map(tool => tool.function.name)).toEqual([
      ...['Bash', 'Read', 'mcp__github__create_issue'],
    ]);
    expect(lost(response).sort()).toEqual([
      ...['cache_control', 'context_management', 'thinking', 'thinking.budget_tokens'],
      ...['tool_result.is_error', 'tools.web_search_20250305'],
    ]);
    expect((await gateway.recordOf(response)).lost).toEqual(lost(response).length > 0 ? expect.any(Array) : undefined);
  });

  it('on an engine that speaks Responses: the thoughts of the answer come back sealed', async () => {
    const response = await post('/v1/messages', { ...CLAUDE_CODE_TURN, model: 'gpt' }, CLAUDE_CODE_HEADERS);
    const text = await response.text();
    expect(text).toContain('"signature":"weir1.');
    const { body, headers } = gpt.seen[0]!;
    expect(headers.authorization).toBe('Bearer sk-openai');
    expect(body).toMatchObject({
      ...{ store: false, stream: true, max_output_tokens: 32000, include: ['reasoning.encrypted_content'] },
      ...{
        instructions: expect.stringContaining('You are Claude Code'),
        reasoning: { effort: 'high', summary: 'auto' },
      },
    });
    expect((body.input as { type: string }[]).map(({ type }) => type)).toEqual([
      ...['message', 'message', 'function_call', 'function_call', 'function_call_output', 'function_call_output'],
    ]);
  });

  it('asks small things on the side', async () => {
    claude.behaviour = {
      ...{ kind: 'raw', type: 'application/json' },
      body: '{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"#"}],"stop_reason":"max_tokens","usage":{"input_tokens":8,"output_tokens":1}}',
    };
    const response = await post('/v1/messages', CLAUDE_CODE_QUOTA, CLAUDE_CODE_HEADERS);
    expect(await response.json()).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 1 } });
    claude.behaviour = { kind: 'raw', type: 'application/json', body: '{"input_tokens":42}' };
    const { max_tokens: _, stream: _stream, ...counted } = CLAUDE_CODE_TURN;
    const count = await post('/v1/messages/count_tokens', counted, CLAUDE_CODE_HEADERS);
    expect(await count.json()).toEqual({ input_tokens: 42 });
    expect(count.headers.get('x-weir-token-count')).toBe('engine');
    const estimated = await post('/v1/messages/count_tokens', { ...counted, model: 'vllm' }, CLAUDE_CODE_HEADERS);
    expect(((await estimated.json()) as { input_tokens: number }).input_tokens).toBeGreaterThan(50);
    expect(estimated.headers.get('x-weir-token-count')).toBe('estimate');
    claude.behaviour = streamed(ANTHROPIC_STREAM);
  });
});

describe('Codex', () => {
  it('on a Responses engine: everything passes both ways byte for byte', async () => {
    const response = await post('/v1/responses', CODEX_TURN, CODEX_HEADERS);
    expect(await response.text()).toBe(RESPONSES_STREAM);
    expect(lost(response)).toEqual([]);
    expect(JSON.stringify(gpt.seen[0]!.body)).toBe(JSON.stringify(CODEX_TURN));
    const { outcome } = await gateway.recordOf(response);
    expect(outcome.usage).toMatchObject({ promptTokens: 2125, cachedTokens: 2000, completionTokens: 89 });
  });

  it('on an engine that speaks Chat: free-text tools and its own shell become functions', async () => {
    const response = await post('/v1/responses', { ...CODEX_TURN, model: 'vllm' }, CODEX_HEADERS);
    const text = await response.text();
    expect(text).toMatch(/^event: response\.created\n/);
    expect(text).toMatch(/event: response\.completed\ndata: .*\n\n$/);
    const { body } = vllm.seen[0]!;
    expect(body.messages).toEqual([
      { role: 'system', content: CODEX_TURN.instructions },
      { role: 'system', content: expect.stringContaining('sandboxed') },
      { role: 'user', content: expect.stringContaining('/repo') },
      { role: 'user', content: 'Fix the bug.' },
      { role: 'assistant', content: null, tool_calls: [expect.objectContaining({ id: 'call_1' })] },
      { role: 'tool', tool_call_id: 'call_1', content: expect.stringContaining('a.py') },
      {
        ...{ role: 'assistant', content: null },
        tool_calls: [
          {
            ...{ id: 'call_2', type: 'function' },
            function: { name: 'apply_patch', arguments: '{"input":"*** Begin Patch\\n*** End Patch"}' },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'call_2', content: 'Success' },
      { role: 'assistant', content: null, tool_calls: [expect.objectContaining({ id: 'call_3' })] },
      { role: 'tool', tool_call_id: 'call_3', content: '1 passed' },
      { role: 'assistant', content: 'Done.' },
      { role: 'user', content: 'Thanks. Now the docs.' },
    ]);
    expect((body.tools as { function: { name: string } }[]).map(tool => tool.function.name)).toEqual([
      ...['shell', 'apply_patch', 'local_shell'],
    ]);
    expect(lost(response).sort()).toEqual(['thinking', 'tools.format', 'tools.web_search']);
  });

  it('on an Anthropic engine: turns are joined, thoughts of others left out, its own come back sealed', async () => {
    const response = await post('/v1/responses', { ...CODEX_TURN, model: 'claude' }, CODEX_HEADERS);
    const text = await response.text();
    expect(text).toContain('"encrypted_content":"weir1.');
    const { body } = claude.seen[0]!;
    expect((body.messages as { role: string }[]).map(({ role }) => role)).toEqual([
      ...['user', 'assistant', 'user', 'assistant', 'user', 'assistant', 'user', 'assistant', 'user'],
    ]);
    expect(body).toMatchObject({
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      thinking: { type: 'enabled', budget_tokens: 4096 },
      max_tokens: 4096 + 4096,
    });
    // The thought that was told comes back with the next turn, for the engine that had it.
    const done = /event: response\.completed\ndata: (.*)/.exec(text)![1]!;
    const { output } = (JSON.parse(done) as { response: { output: unknown[] } }).response;
    const next = {
      ...CODEX_TURN,
      model: 'claude',
      input: [...CODEX_TURN.input, ...output, { type: 'function_call_output', call_id: 'toolu_01', output: '21 °C' }],
    };
    await (await post('/v1/responses', next, CODEX_HEADERS)).text();
    const turn = (claude.seen[1]!.body.messages as { role: string; content: { type: string }[] }[]).at(-2)!;
    expect(turn.content).toEqual([
      { type: 'thinking', thinking: 'Let me look.', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA' },
      { type: 'text', text: "I'll check the weather – café." },
      { type: 'tool_use', id: 'toolu_01', name: 'get_weather', input: { location: 'Paris' } },
    ]);
    expect(claude.seen[1]!.body.thinking).toMatchObject({ type: 'enabled' });
  });
});
