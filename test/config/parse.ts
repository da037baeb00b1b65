import { type LoadResult, parseConfig } from '#config/load.js';
import type { ConfigProblem } from '#config/problem.js';

/** A whole configuration that is valid: tests put what is wrong into one block of it. */
export const ROUTER = `router:
  decisions:
    - { name: default, when: otherwise, models: [small] }
`;
export const POOL = `pool:
  models: { small: {} }
  pools: { gpu: { model: small, replicas: [http://127.0.0.1:1] } }
`;
export const VALID = `${ROUTER}${POOL}`;

export interface Sources {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

export function parse(text: string, { env = {}, files = {} }: Sources = {}): LoadResult {
  return parseConfig(text, {
    file: 'weir.yaml',
    env,
    readFile(path) {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return content;
    },
  });
}

export function problemsOf(text: string, sources?: Sources): readonly ConfigProblem[] {
  const result = parse(text, sources);
  return result.ok ? [] : result.problems;
}
