import { expect, test } from 'vitest';
import { addressOf, isPrivate } from '#pool/topology/address.js';
import { probeSettings } from '#pool/topology/probes.js';
import { parsed } from '../support.js';

test.each([
  'http://localhost:1',
  'http://127.0.0.1',
  'http://10.1.2.3:80',
  'http://172.16.0.1',
  'http://172.31.9.9',
  'http://192.168.1.1',
  'http://100.64.0.1',
  'http://169.254.1.1',
  'http://[::1]:8000',
  'http://[fd00::1]',
  'http://[fe80::1]',
  'http://vllm:8000',
  'http://vllm.default.svc.cluster.local',
  'http://box.local',
])('%s is private', url => {
  expect(isPrivate(url)).toBe(true);
});

test.each([
  'https://api.openai.com',
  'http://172.32.0.1',
  'http://100.128.0.1',
  'http://8.8.8.8',
  'http://11.0.0.1',
  'http://[2001:db8::1]',
  'http://10.example.com',
  'http://127.0.0.1.evil.com',
  'http://local.example.com',
  'nonsense',
])('%s is not private', url => {
  expect(isPrivate(url)).toBe(false);
});

test('an address names the port and any path', () => {
  expect(addressOf('http://10.0.0.1:8000')).toBe('10.0.0.1:8000');
  expect(addressOf('https://api.openai.com')).toBe('api.openai.com:443');
  expect(addressOf('http://box/engines/a')).toBe('box:80/engines/a');
});

test('public providers are probed only when asked for', () => {
  const of = (url: string, health?: unknown) => {
    const config = parsed({ models: { m: {} }, pools: { p: { model: 'm', replicas: [url], health } } });
    return probeSettings(config.pools.p!, url);
  };
  expect(of('https://api.openai.com')).toBeUndefined();
  expect(of('https://api.openai.com', { path: '/up' })?.path).toBe('/up');
  expect(of('http://10.0.0.1:8000')).toEqual({ path: '/health', interval: 5000, timeout: 2000, failures: 3 });
  expect(of('http://10.0.0.1:8000', false)).toBeUndefined();
});
