import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VALID } from '../config/parse.js';
import { writeTokenModel, writeWordModel } from '../models/own/word-model.js';
import { weir } from './run.js';

const before = process.cwd();
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-check-'));
  file = join(folder, 'weir.yaml');
  process.chdir(folder);
});

afterEach(() => {
  process.chdir(before);
  return rm(folder, { recursive: true });
});

const WRONG_TEST = `router:
  decisions:
    - { name: default, when: otherwise, models: [small] }
  signals: { law: { keyword: { any: [liability] } } }
  tests:
    - { prompt: hello, expect: default }
    - { prompt: who bears liability?, expect: default, expect_model: small }
    - { name: the lawyer, prompt: who bears liability?, expect: direct }
pool:
  models: { small: {} }
  pools: { gpu: { model: small, replicas: [http://127.0.0.1:1] } }
`;

const UNSET = `router:
  signals: { law: { keyword: { any: [liability] } } }
  decisions:
    - { name: law, when: law, models: [small] }
    - { name: default, when: otherwise, models: [small] }
  tests: [{ prompt: who bears liability?, expect: law }]
pool:
  models: { small: {} }
  pools: { gpu: { model: small, api_key: "\${KEY_UNSET}", replicas: ["\${URL_UNSET}"] } }
gateway:
  auth: { admin_key: "\${ADMIN_UNSET}", path: keys.db }
  record: { postgres: "\${POSTGRES_UNSET}" }
`;

describe('check', () => {
  test('passes the demonstration, without errors and without warnings', async () => {
    const { code, stdout, stderr } = await weir('check', '--json');
    expect(JSON.parse(stdout)).toEqual({
      errors: [],
      warnings: [],
      undecidable: [],
      tests: { passed: expect.any(Number), failed: [] },
    });
    expect(JSON.parse(stdout).tests.passed).toBeGreaterThanOrEqual(8);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('counts a secret that is not set as a warning, also in the tests of the file; serving needs it', async () => {
    await writeFile(file, UNSET);
    const { code, stdout, stderr } = await weir('check', '--json');
    const report = JSON.parse(stdout);
    expect({ code, stderr, errors: report.errors }).toEqual({ code: 0, stderr: '', errors: [] });
    expect(report.tests).toEqual({ passed: 1, failed: [] });
    expect(report.warnings.map((one: { code: string; path: string }) => [one.code, one.path])).toEqual([
      ['config.secret', 'pool.pools.gpu.api_key'],
      ['config.secret', 'pool.pools.gpu.replicas[0]'],
      ['config.secret', 'gateway.auth.admin_key'],
      ['config.secret', 'gateway.record.postgres'],
    ]);
    expect((await weir('check')).stdout).toContain('0 errors, 4 warnings, 1 of 1 test passed');
    const served = await weir('serve');
    expect(served.code).toBe(2);
    expect(served.stderr.match(/error config\.secret/g)).toHaveLength(4);
  });

  test('leaves it an error where the file decides by it', async () => {
    await writeFile(file, UNSET.replace('any: [liability]', `any: ["\${WORD_UNSET}"]`));
    const { code, stdout } = await weir('check');
    expect(code).toBe(1);
    expect(stdout).toMatch(/error config\.secret.*WORD_UNSET/);
    expect(stdout).toContain('1 error, 4 warnings');
  });

  test('is one of the commands that do without: they say once what is not set', async () => {
    await writeFile(file, UNSET);
    const note =
      'weir: weir.yaml refers to what is not set: KEY_UNSET, URL_UNSET, ADMIN_UNSET, POSTGRES_UNSET; weir serve needs it, this command does not\n';
    const explained = await weir('explain', 'who bears liability?', '--json');
    expect([explained.code, explained.stderr]).toEqual([0, note]);
    expect(JSON.parse(explained.stdout)).toMatchObject({ decision: 'law' });
    const listed = await weir('keys', 'list');
    expect([listed.code, listed.stdout]).toEqual([0, 'no keys\n']);
    expect(listed.stderr).toBe(note);
    // What the command itself would have to open is needed.
    const recalled = await weir('explain', '--id', 'req_1');
    expect(recalled.code).toBe(2);
    expect(recalled.stderr).toContain('error config.secret: the environment variable POSTGRES_UNSET');
  });

  test('takes weir.yaml where there is one', async () => {
    await writeFile(file, VALID);
    expect(await weir('check')).toEqual({
      code: 0,
      stdout: 'weir.yaml: 0 errors, 0 warnings, 0 of 0 tests passed\n',
      stderr: '',
    });
  });

  test('warns of heads that are not there, of another kind, of labels or vectors that nobody asks for, and of nothing where they fit', async () => {
    const own = new URL('../../assets/heads/', import.meta.url);
    const heads = {
      domain: 'domain.json',
      factual: 'factual.json',
      complexity: 'none.json',
      feedback: 'feedback.json',
    };
    const domain = await readFile(new URL('domain.json', own), 'utf8');
    await writeFile(join(folder, 'domain.json'), domain);
    await writeFile(join(folder, 'factual.json'), domain);
    const feedback = JSON.parse(await readFile(new URL('feedback.json', own), 'utf8'));
    feedback.labels[0] = 'delighted';
    await writeFile(join(folder, 'feedback.json'), JSON.stringify(feedback));
    const routes = JSON.stringify({ ...feedback, kind: 'routes', model: { ...feedback.model, embedder: 'e5' } });
    await writeFile(join(folder, 'routes.json'), routes);
    const learned = `learned: { routes: routes.json, heads: ${JSON.stringify(heads)} }`;
    await writeFile(file, VALID.replace('router:', `router:\n  ${learned}`));
    const { code, stdout } = await weir('check', '--json');
    expect(code).toBe(0);
    const at = { line: expect.any(Number) };
    expect(JSON.parse(stdout).warnings).toMatchObject([
      {
        code: 'model.unavailable',
        path: 'router.learned.heads.complexity',
        message: expect.stringContaining('read'),
        ...at,
      },
      {
        code: 'model.unavailable',
        path: 'router.learned.heads.factual',
        message: expect.stringContaining('domain'),
        ...at,
      },
      {
        code: 'config.unknown_reference',
        path: 'router.learned.heads.feedback',
        message: expect.stringContaining('delighted'),
        ...at,
      },
      { code: 'model.unavailable', path: 'router.learned.routes', message: expect.stringContaining('e5'), ...at },
    ]);
  });

  test('warns of an embedder whose files are not there', async () => {
    const learned = 'learned: { embedders: { e5: { path: ./e5 }, far: { url: "http://127.0.0.1:9/v1/embeddings" } } }';
    await writeFile(file, VALID.replace('router:', `router:\n  ${learned}`));
    const { code, stdout } = await weir('check', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).warnings).toMatchObject([
      { code: 'model.unavailable', path: 'router.learned.embedders.e5.path', message: './e5 is not there', line: 2 },
    ]);
  });

  test('warns of routes and preferences in a language that their embedder does not know, and of none that it may know', async () => {
    const routes = {
      panne: ['le site ne marche plus depuis ce matin', 'votre service est en panne depuis hier', 'down'],
      outage: ['your service is not working', 'le site ne marche plus'],
      short: ['kaputt'],
    };
    const preferences = { reisen: { description: 'Reisen planen, mit Kindern und ohne Auto' } };
    const written = `routes: ${JSON.stringify(routes)}\n  preferences: ${JSON.stringify(preferences)}`;
    await writeFile(file, VALID.replace('router:', `router:\n  ${written}`));
    const { code, stdout } = await weir('check', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).warnings).toMatchObject([
      {
        code: 'config.invalid',
        path: 'router.routes.panne',
        message: expect.stringMatching(/ fr, .*all-MiniLM/),
        line: 2,
      },
      { code: 'config.invalid', path: 'router.preferences.reisen', message: expect.stringContaining(' de, '), line: 3 },
    ]);
    const own = 'learned: { embedder: e5, embedders: { e5: { url: "http://127.0.0.1:9/v1/embeddings" } } }';
    await writeFile(file, VALID.replace('router:', `router:\n  ${own}\n  ${written}`));
    expect(JSON.parse((await weir('check', '--json')).stdout).warnings).toEqual([]);
  });

  test('warns of the files of a knowledge base that cannot be read, and of nothing where they can', async () => {
    await writeFile(file, VALID.replace('router:', 'router:\n  knowledge: { handbook: { files: [handbook.md] } }'));
    const { code, stdout } = await weir('check', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).warnings).toMatchObject([
      { code: 'config.unreadable', path: 'router.knowledge.handbook.files', line: expect.any(Number) },
    ]);
    await writeFile(join(folder, 'handbook.md'), '# Leave\n\nEmployees have thirty days of leave in a year.\n');
    expect(JSON.parse((await weir('check', '--json')).stdout).warnings).toEqual([]);
  });

  test('warns of classifiers whose files are not as the configuration has them, and of nothing where they are', async () => {
    const config = (model: string, type: string) =>
      VALID.replace(
        'router:',
        `router:
  learned: { classifiers: { ner: { path: ${model}, check: [{ text: Anna, label: PER }, { text: x, label: O }] } } }
  signals: { named: { classifier: { name: ner, any: [${type}] } } }
  privacy: { models: { ner: { ${type}: person } } }`,
      );
    const warnings = async (yaml: string) => {
      await writeFile(file, yaml);
      const { code, stdout } = await weir('check', '--json');
      expect(code).toBe(0);
      return JSON.parse(stdout).warnings.filter(({ code: kind }: { code: string }) => kind !== 'config.unused');
    };
    expect(await warnings(config('nowhere', 'PER'))).toMatchObject([
      { code: 'model.unavailable', path: 'router.learned.classifiers.ner', line: expect.any(Number) },
    ]);
    writeTokenModel(join(folder, 'ner'), ['O', 'B-PER'], { anna: [0, 6] });
    expect(await warnings(config('ner', 'PER'))).toEqual([]);
    expect(await warnings(config('ner', 'PERS'))).toMatchObject([
      {
        code: 'config.unknown_reference',
        path: 'router.signals.named.classifier.any[0]',
        hint: expect.stringContaining('PER'),
      },
      { code: 'config.unknown_reference', path: 'router.privacy.models.ner.PERS' },
    ]);
    writeWordModel(join(folder, 'texts'), ['safe', 'PER'], { anna: [0, 6] });
    expect(await warnings(config('texts', 'PER').replace('label: O', 'label: safe'))).toMatchObject([
      { code: 'config.invalid', path: 'router.privacy.models.ner' },
    ]);
  });

  test('prints errors as compilers do, with a caret', async () => {
    await writeFile(file, VALID.replace('otherwise', 'otherwise and legl'));
    const { code, stdout } = await weir('check', '-c', file);
    expect(code).toBe(1);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/weir\.yaml:3:\d+ error policy\.syntax: .* \(router\.decisions\[0\]\.when\)$/),
      '  3 |     - { name: default, when: otherwise and legl, models: [small] }',
      expect.stringMatching(/^ {10,}\^$/),
    ]);
    expect(stdout).toMatch(/: 1 error, 0 warnings\n$/);
  });

  test('gives errors as one JSON document', async () => {
    await writeFile(file, VALID.replace('models: [small]', 'models: [smal]'));
    const { code, stdout, stderr } = await weir('check', '-c', file, '--json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      errors: [
        {
          code: 'config.unknown_reference',
          path: 'router.decisions[0].models[0]',
          line: 3,
          column: 50,
          hint: 'did you mean "small"?',
        },
      ],
      tests: { passed: 0, failed: [] },
    });
  });

  test('reports tests that came out otherwise, with their place', async () => {
    await writeFile(file, WRONG_TEST);
    const { code, stdout } = await weir('check', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      errors: [],
      warnings: [{ code: 'config.unused', path: 'router.signals.law', line: 4 }],
      tests: {
        passed: 2,
        failed: [
          {
            code: 'policy.test_failed',
            name: 'the lawyer',
            path: 'router.tests[2]',
            line: 8,
            expected: 'direct',
            got: 'default',
          },
        ],
      },
    });
  });

  test('exits with 2 when the file cannot be read', async () => {
    expect(await weir('check', '-c', 'none.yaml')).toMatchObject({
      code: 2,
      stdout: expect.stringContaining(
        'none.yaml error config.unreadable: none.yaml cannot be read: there is no such file',
      ),
    });
    expect(await weir('check', '-c', folder)).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('it is a folder'),
    });
  });

  test('does not print the line of a credential', async () => {
    await writeFile(file, VALID.replace('model: small,', 'api_key: "sk-verysecret", modl: small,'));
    const { stdout } = await weir('check');
    expect(stdout).toContain('config.unknown_key');
    expect(stdout).not.toContain('verysecret');
  });
});
