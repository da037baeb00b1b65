import type { Config, Place } from '#config/load.js';
import type { ConfigProblem, Path } from '#config/problem.js';
import { seededRandom } from '#contract/random.js';
import { machineClock } from '#gateway/machine-clock.js';
import { modelFacts } from '#gateway/runtime.js';
import { ModelHost } from '#models/model-host.js';
import { runPolicyTests } from '#router/policy/tests.js';
import { createProfiler } from '#workload/profile/profiler.js';

/** A test of the policy that came out otherwise, as a problem of the file. */
export interface FailedTest extends ConfigProblem {
  readonly name: string;
  readonly expected: string;
  readonly got: string;
}

export interface TestResults {
  readonly passed: number;
  readonly failed: readonly FailedTest[];
}

/** Runs the tests in a configuration through the stages that serve requests. No model is asked. */
export async function runTests(config: Config, seed: number, locate: (path: Path) => Place): Promise<TestResults> {
  const { session_headers, tokens } = config.workload;
  const profiler = createProfiler({ sessionHeaders: session_headers, charsPerToken: tokens.chars_per_token });
  const localModels = new ModelHost(machineClock);
  const { passed, failed } = await runPolicyTests(config.router, {
    clock: machineClock,
    learned: localModels.configure(config.router.learned, config.router),
    random: seededRandom(seed),
    models: [...modelFacts(config).values()],
    profile: request => profiler.profile(request),
  }).finally(() => localModels.close());
  return {
    passed,
    failed: failed.map(({ name, path, expected, got, why }) => ({
      code: 'policy.test_failed',
      ...locate(['router', ...path]),
      message: `${JSON.stringify(name)} should lead to ${expected} and leads to ${got}`,
      ...(why !== '' && { hint: why }),
      name,
      expected,
      got,
    })),
  };
}
