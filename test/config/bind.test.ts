import { describe, expect, it } from 'vitest';
import { parseConfig } from '#config/load.js';

const problemsOf = (gateway: string, host?: string) => {
  const options = { file: 'weir.yaml', env: {}, readFile: () => '' };
  const text = `pool: { models: { m: {} }, pools: { p: { model: m, replicas: ["http://127.0.0.1:1"] } } }\n${gateway}`;
  const result = parseConfig(text, host === undefined ? options : { ...options, overrides: { host } });
  return result.ok ? [] : result.problems.map(({ path }) => path);
};

describe('where a gateway may listen', () => {
  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]'])('at %s without keys: only this machine', host => {
    expect(problemsOf('', host)).toEqual([]);
  });

  it.each(['0.0.0.0', '::', '192.168.1.4', 'gateway.example', '127.0.0.1.example', '::ffff:10.0.0.1'])(
    'not at %s, unless keys are asked for or it is forced',
    host => {
      expect(problemsOf('', host)).toEqual(['gateway.listen.host']);
      expect(problemsOf(`gateway: { listen: { host: "${host}" } }`)).toEqual(['gateway.listen.host']);
      expect(problemsOf(`gateway: { listen: { host: "${host}" }, auth: { required: true } }`)).toEqual([]);
      expect(problemsOf(`gateway: { listen: { host: "${host}", insecure: true } }`)).toEqual([]);
    },
  );
});
