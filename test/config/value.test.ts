// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables in weir.yaml look like that.
import { describe, expect, test } from 'vitest';
import { type Overrides, parseConfig } from '#config/load.js';
import { isLoopback } from '#gateway/schema.js';
import { POOL, parse, ROUTER, type Sources, VALID } from './parse.js';

function configOf(text: string, sources?: Sources) {
  const result = parse(text, sources);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

describe('a valid file', () => {
  test('has its units and defaults applied', () => {
    const { gateway, workload, pool } = configOf(`${VALID}workload: { slo: { ttft_p99: 1.5s } }\n`);
    expect(gateway.listen).toEqual({ host: '127.0.0.1', port: 8080, insecure: false });
    expect(gateway.limits).toEqual({ body: 32e6, requests: 4096, answer: 64e6, held: 512e6, unread: 120_000 });
    expect(gateway.record.keep_for).toBe(7 * 86_400_000);
    expect(workload.slo).toEqual({ ttft_p99: 1500, tpot_p99: 50 });
    expect(pool.models.small?.context).toBe(128 * 1024);
  });

  test('is frozen all the way down', () => {
    const config = configOf(VALID);
    expect(Object.isFrozen(config.gateway.listen)).toBe(true);
    expect(Object.isFrozen(config.pool.pools.gpu?.replicas?.[0])).toBe(true);
    expect(() => Object.assign(config.gateway.listen, { port: 1 })).toThrow(TypeError);
  });

  test('has a version that its text decides', () => {
    expect(configOf(VALID).version).toMatch(/^[0-9a-f]{12}$/);
    expect(configOf(VALID).version).toBe(configOf(VALID).version);
    expect(configOf(`${VALID}# comment\n`).version).not.toBe(configOf(VALID).version);
  });

  test('may have keys with nothing after them: they count as absent', () => {
    expect(configOf(`${VALID}workload:\n  slo:\n    # ttft_p99: 1s\n`).workload.slo.ttft_p99).toBe(500);
  });

  test('may use anchors', () => {
    const text = `${ROUTER}pool:
  models: { small: {}, other: {} }
  pools:
    a: { model: small, replicas: [http://127.0.0.1:1], queue: &queue { length: 7 } }
    b: { model: other, replicas: [http://127.0.0.1:2], queue: *queue }
`;
    expect(configOf(text).pool.pools.b?.queue.length).toBe(7);
  });

  test('takes header names in any case', () => {
    expect(configOf(`${VALID}workload: { session_headers: [X-Chat] }\n`).workload.session_headers).toEqual(['x-chat']);
  });
});

describe('a secret', () => {
  const withKey = (key: string) =>
    `${ROUTER}pool:\n  models: { small: {} }\n  pools:\n    gpu:\n      model: small\n      replicas: [http://127.0.0.1:1]\n      api_key: ${key}\n`;
  const keyOf = (key: string, sources: Sources) => configOf(withKey(key), sources).pool.pools.gpu?.api_key;

  test('comes from the environment', () => {
    expect(keyOf('"${KEY}"', { env: { KEY: 'sk-abc' } })).toBe('sk-abc');
    expect(keyOf('${KEY}', { env: { KEY: '12345' } })).toBe('12345');
    expect(keyOf('"pre-${A}-${B:-b}"', { env: { A: 'a' } })).toBe('pre-a-b');
    expect(keyOf('"${KEY:-}x"', {})).toBe('x');
  });

  test('comes from a file, trimmed', () => {
    expect(keyOf('file:/run/key', { files: { '/run/key': ' sk-file\n' } })).toBe('sk-file');
  });

  test('is not looked for in what a variable holds', () => {
    expect(keyOf('"${A}"', { env: { A: '${B} file:/x', B: 'b' } })).toBe('${B} file:/x');
  });

  test('can be written out where a brace is meant', () => {
    expect(keyOf('"$${KEY}"', {})).toBe('${KEY}');
  });

  test('stands for a number or a switch where one is expected', () => {
    const text = `${VALID}gateway: { listen: { port: "\${PORT}" }, record: { prompts: "\${PROMPTS:-true}" } }\n`;
    const { gateway } = configOf(text, { env: { PORT: '9090' } });
    expect(gateway.listen.port).toBe(9090);
    expect(gateway.record.prompts).toBe(true);
  });

  test('does not turn text in the file into a number', () => {
    expect(parse(`${VALID}gateway: { listen: { port: "9090" } }\n`).ok).toBe(false);
  });
});

describe('the command line', () => {
  const withListen = (text: string, overrides: Overrides) =>
    parseConfig(text, { file: 'weir.yaml', env: {}, readFile: () => '', overrides });

  test('goes before the file', () => {
    const result = withListen(`${VALID}gateway: { listen: { port: 1 } }\n`, { port: 2 });
    expect(result.ok && result.config.gateway.listen).toEqual({ host: '127.0.0.1', port: 2, insecure: false });
  });

  test('says how many processes serve, whatever the file says of it', () => {
    for (const gateway of ['', 'gateway: { workers: 4 }\n', 'gateway: { listen: { port: 1 } }\n']) {
      const result = withListen(VALID + gateway, { workers: 2 });
      expect(result.ok && result.config.gateway.workers).toBe(2);
    }
    const result = withListen(`${VALID}gateway: { workers: 4 }\n`, { port: 2 });
    expect(result.ok && result.config.gateway).toMatchObject({ workers: 4, listen: { port: 2 } });
    const both = withListen(VALID, { workers: 3, port: 2 });
    expect(both.ok && both.config.gateway).toMatchObject({ workers: 3, listen: { port: 2 } });
  });

  test('is held to the same rule about addresses', () => {
    expect(withListen(VALID, { host: '0.0.0.0' }).ok).toBe(false);
    expect(withListen(VALID, { host: '0.0.0.0', insecure: true }).ok).toBe(true);
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['localhost', true],
  ['::1', true],
  ['[::1]', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['localhost.example.com', false],
  ['127.0.0.1.example.com', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test('the pool block is needed, the others are not', () => {
  expect(parse(`${ROUTER}${POOL}`).ok).toBe(true);
});
