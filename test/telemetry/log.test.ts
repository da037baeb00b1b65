import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeirError } from '#contract/errors.js';
import { createLogger, type LoggerOptions } from '#telemetry/log.js';
import { redact, redactText } from '#telemetry/redact.js';

function logged(options: Partial<LoggerOptions> = {}, isTTY = false) {
  const lines: string[] = [];
  const stream = { isTTY, write: (text: string) => lines.push(text) };
  return { lines, log: createLogger({ level: 'info', format: 'json', stream, ...options }) };
}

describe('createLogger', () => {
  it('writes JSON, a line for each, with level and time', () => {
    const { lines, log } = logged();
    log.info('listens', { port: 8080, error: undefined });
    const line = JSON.parse(lines.join(''));
    expect(line).toMatchObject({ level: 'info', message: 'listens', port: 8080 });
    expect(new Date(line.time).toISOString()).toBe(line.time);
    expect(lines.join('').endsWith('}\n')).toBe(true);
    expect(Object.keys(line).sort()).toEqual(['level', 'message', 'port', 'time']);
  });

  it('writes text for people', () => {
    const { lines, log } = logged({ format: 'text' });
    log.warn('slow replica', { replica: 'gpu/0', why: 'two words', ms: 12 });
    expect([log.form, log.child({}).form, logged().log.form]).toEqual(['text', 'text', 'json']);
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}slow replica replica=gpu\/0 why="two words" ms=12\n$/);
  });

  it('chooses by whether a person looks', () => {
    const terminal = logged({ format: 'auto' }, true);
    terminal.log.info('hello');
    expect(terminal.lines[0]).toContain('info');
    const pipe = logged({ format: 'auto' });
    pipe.log.info('hello');
    expect(JSON.parse(pipe.lines[0]!).message).toBe('hello');
  });

  it('writes nothing below its level, and nothing at all when silent', () => {
    for (const format of ['json', 'text'] as const) {
      const { lines, log } = logged({ level: 'warn', format });
      log.trace('t');
      log.debug('d');
      log.info('i');
      expect(lines).toEqual([]);
      log.warn('w');
      log.error('e');
      log.fatal('f');
      expect(lines).toHaveLength(3);
      expect([log.enabled('info'), log.enabled('warn')]).toEqual([false, true]);
      const silent = logged({ level: 'silent', format });
      silent.log.fatal('f');
      expect(silent.lines).toEqual([]);
    }
  });

  it('gives children their fields', () => {
    const { lines, log } = logged();
    log.child({ pool: 'gpu' }).child({ replica: '0' }).info('up', { ms: 1 });
    expect(JSON.parse(lines[0]!)).toMatchObject({ pool: 'gpu', replica: '0', ms: 1 });
  });

  it('opens errors', () => {
    const cause = new Error('ENOSPC');
    const error = new WeirError('store.unavailable', 'no room', { hint: 'make room', cause });
    const json = logged();
    json.log.error('failed', { error });
    expect(JSON.parse(json.lines[0]!).error).toMatchObject({
      type: 'WeirError',
      code: 'store.unavailable',
      message: 'no room',
      hint: 'make room',
      cause: { message: 'ENOSPC' },
      stack: expect.stringContaining('no room'),
    });
    const text = logged({ format: 'text' });
    text.log.error('failed', { error });
    expect(text.lines[0]).toContain(' failed\nWeirError: no room\n    at ');
  });

  it('lets nothing that is logged move the cursor or forge a line', () => {
    const { lines, log } = logged({ format: 'text' });
    log.info('a\u001b[2Jb\u0007', { path: '/x\u001b[31m', forged: 'x\n12:00:00 INFO ok' });
    expect(lines[0]).not.toContain('\u001b');
    expect(lines[0]!.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('redact', () => {
  const secret = 'sk-proj-abcdefghij0123456789';

  it.each([
    ['authorization', 'x'],
    ['Proxy-Authorization', 'x'],
    ['x-api-key', 'x'],
    ['apiKey', 'x'],
    ['api_key', 'x'],
    ['Cookie', 'x'],
    ['set-cookie', ['x']],
    ['client_secret', 'x'],
    ['password', 'x'],
    ['accessToken', 'x'],
    ['x-auth-token', 'x'],
    ['token', 'x'],
    ['credentials', { user: 'x' }],
  ])('takes out %s by its name, at any depth', (name, value) => {
    expect(redact({ a: [{ [name]: value }] })).toEqual({ a: [{ [name]: '[redacted]' }] });
  });

  it.each([
    ['prompt_tokens', 12],
    ['tokens', 'many'],
    ['tokeniser', 'bpe'],
    ['cookies', 3],
    ['author', 'x'],
  ])('leaves %s alone', (name, value) => {
    expect(redact({ [name]: value })).toEqual({ [name]: value });
  });

  it.each([
    [`key ${secret} end`, 'key sk-… end'],
    ['Authorization: Bearer abc.def-123456', 'Authorization: Bearer …'],
    ['hf_abcdefghijklmnop', 'hf_…'],
    ['postgres://user:hunter2@db:5432/x', 'postgres://…@db:5432/x'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', 'eyJ…'],
    ['AKIAIOSFODNN7EXAMPLE', 'AKIA…'],
    ['http://10.0.0.1:8000/v1 took sk-1', 'http://10.0.0.1:8000/v1 took sk-1'],
  ])('takes out what looks like a credential: %s', (text, clean) => {
    expect(redactText(text)).toBe(clean);
  });

  it('reaches messages, fields and errors of both formats', () => {
    for (const format of ['json', 'text'] as const) {
      const { lines, log } = logged({ format });
      log.error(`bad key ${secret}`, {
        url: `http://x/?key=${secret}`,
        headers: { authorization: 'Bearer something-long' },
        error: new Error(`refused ${secret}`, { cause: new Error(secret) }),
      });
      log.child({ key: secret }).info('child');
      expect(lines.join('')).not.toContain(secret);
      expect(lines.join('')).not.toContain('something-long');
    }
  });

  it('is plain and bounded for any value, cycles included, in linear time', () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withMap: true, withTypedArray: true, withBigInt: true }), value => {
        expect(() => JSON.stringify(redact(value))).not.toThrow();
      }),
    );
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(JSON.stringify(redact(cycle)).length).toBeLessThan(200);
    expect(JSON.stringify(redact('x'.repeat(1e6))).length).toBeLessThan(9000);
    expect((redact(new Array(1000).fill(0)) as unknown[]).length).toBe(65);
    for (const hostile of ['Bearer '.repeat(1e5), 'a://'.repeat(1e5), 'eyJ'.repeat(1e5), '-'.repeat(1e6)]) {
      expect(redactText(hostile).length).toBeLessThanOrEqual(8193);
    }
  });
});
