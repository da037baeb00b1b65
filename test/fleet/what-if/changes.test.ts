import { describe, expect, test } from 'vitest';
import { parseConfig } from '#config/load.js';
import { simulatedConfig } from '#fleet/simulate/simulated-config.js';
import { configChanges } from '#fleet/what-if/changes.js';

function configOf(text: string) {
  const result = parseConfig(text, {
    file: 'test',
    env: { KEY: 'sk-secret-1', OTHER: 'sk-secret-2' },
    readFile: () => '',
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return simulatedConfig(result.config);
}
const text = `router:
  signals: { long: { context: { above: 8k } }, odd: { keyword: { any: [a] } } }
  decisions:
    - { name: reader, when: long, models: [llama-3.1-8b] }
    - { name: rest, when: otherwise, models: [llama-3.1-8b] }
pool:
  models: { llama-3.1-8b: { price: { prompt: 1, completion: 2 } } }
  pools:
    a: { model: llama-3.1-8b, gpu: h100, api_key: "\${KEY}", replicas: [http://10.0.0.1:8000, http://10.0.0.2:8000] }
    b: { model: llama-3.1-8b, simulate: { model: llama-3.1-8b, gpu: a100, replicas: 3 } }
fleet: { pools: { a: { failures: { mtbf: 30d, mttr: 4h } } } }
`;
const changed = (...edits: readonly (readonly [string, string])[]) => {
  const other = edits.reduce((now, [from, to]) => {
    expect(now).toContain(from);
    return now.replace(from, to);
  }, text);
  return configChanges(configOf(text), configOf(other)).map(one => one.text);
};

describe('what one configuration changes of another', () => {
  test('nothing, where it only says the same in other words', () => {
    expect(changed()).toEqual([]);
    expect(changed(['above: 8k', 'above: 8192'], ['mttr: 4h', 'mttr: 240m'])).toEqual([]);
  });

  test('pools by their replicas and what these run on, and by settings in words', () => {
    expect(changed(['gpu: h100, api_key', 'gpu: a100, queue: { timeout: 90s }, api_key'])).toEqual([
      'pool a: replicas 2 of 1 × h100 → 2 of 1 × a100',
      'pool a: queue.timeout 10 s → 90 s',
    ]);
    expect(changed(['replicas: 3', 'replicas: 2, tp: 2'])).toEqual(['pool b: replicas 3 of 1 × a100 → 2 of 2 × a100']);
  });

  test('parts that came or went, and the order of decisions', () => {
    const pool = 'b: { model: llama-3.1-8b, simulate: { model: llama-3.1-8b, gpu: a100, replicas: 3 } }';
    expect(changed([pool, pool.replace('b:', 'c:')])).toEqual([
      expect.stringMatching(/^pool b is gone \(replicas 3 of 1 × a100, /),
      expect.stringMatching(/^pool c is new \(replicas 3 of 1 × a100, /),
    ]);
    expect(
      changed(['- { name: rest', '- { name: more, when: odd, models: [llama-3.1-8b] }\n    - { name: rest']),
    ).toEqual([
      'decisions: order reader, rest → reader, more, rest',
      expect.stringMatching(/^decision more is new \(/),
    ]);
  });

  test('models, signals, decisions, failures', () => {
    expect(changed(['completion: 2', 'completion: 3'])).toEqual(['model llama-3.1-8b: price.completion 2 → 3']);
    expect(changed(['any: [a]', 'any: [a, b]'])).toEqual([expect.stringMatching(/^signal odd: .* a → a, b$/)]);
    expect(changed(['when: long', 'when: not long'])).toEqual(['decision reader: when long → not long']);
    expect(changed(['mtbf: 30d', 'mtbf: 15d'])).toEqual([
      'failures and scaling of pool a: failures.mtbf 720 h → 360 h',
    ]);
  });

  test('no credential, whatever becomes of it', () => {
    expect(changed([`\${KEY}`, `\${OTHER}`])).toEqual([]);
    const gone = changed([
      / {4}a: .*\n/.exec(text)![0],
      `    a: { model: llama-3.1-8b, gpu: h100, api_key: "\${KEY}", replicas: [http://10.0.0.1:8000] }\n`,
    ]);
    expect(gone.join()).not.toContain('secret');
    expect(JSON.stringify(gone)).not.toContain('10.0.0');
  });
});
