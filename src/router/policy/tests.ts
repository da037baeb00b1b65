import type { Clock } from '#contract/clock.js';
import type { LearnedModels } from '#contract/learned.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { Random } from '#contract/random.js';
import type { InferenceRequest, Message } from '#contract/request.js';
import type { SignalValue } from '#contract/signal.js';
import type { StageContext } from '#contract/stage.js';
import type { Milliseconds } from '#contract/units.js';
import type { ModelFacts } from '#router/model-facts.js';
import type { ProblemPath } from '#router/problem.js';
import { createRouter, type Router } from '#router/router.js';
import type { RouterConfig } from '#router/schema.js';
import { nominalPool } from './nominal-pool.js';
import type { PolicyTestConfig } from './schema.js';

export interface PolicyTestDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly models: readonly ModelFacts[];
  /** Absent: learned signals are unknown unless a test gives them. */
  readonly learned?: LearnedModels;
  profile(request: InferenceRequest): WorkloadProfile;
}

/** A test that came out otherwise. */
export interface FailedPolicyTest {
  readonly name: string;
  /** Below `router`. */
  readonly path: ProblemPath;
  readonly expected: string;
  readonly got: string;
  /** How the decision was reached. */
  readonly why: string;
}

export interface PolicyTestReport {
  readonly passed: number;
  readonly failed: readonly FailedPolicyTest[];
}

/** How long a test waits for a signal that takes a model. */
const TEST_DEADLINE: Milliseconds = 30_000;

/**
 * Runs the tests of a policy through the very stages that serve requests, on a pool that is idle and of which nothing is known but
 * the configuration.
 *
 * @throws WeirError when the configuration has a problem that `checkRouter` reports.
 */
export async function runPolicyTests(config: RouterConfig, deps: PolicyTestDeps): Promise<PolicyTestReport> {
  // What a test says must not depend on how busy the machine is.
  const patient = { ...config, signal_deadline: Math.max(config.signal_deadline, TEST_DEADLINE) };
  const router = createRouter(patient, deps);
  await router.prepare();
  const failed: FailedPolicyTest[] = [];
  for (const [index, test] of config.tests.entries()) {
    const failure = await runTest(test, index, router, deps);
    if (failure !== undefined) failed.push(failure);
  }
  return { passed: config.tests.length - failed.length, failed };
}

async function runTest(
  test: PolicyTestConfig,
  index: number,
  router: Router,
  { clock, random, models, profile }: PolicyTestDeps,
): Promise<FailedPolicyTest | undefined> {
  const [firstName = ''] = router.virtualNames;
  const request = requestOf(test, index, test.model ?? firstName, clock);
  const route = router.draft(request);
  const board = router.board(request, profile(request), givenBy(test));
  const context: StageContext = {
    board,
    pool: nominalPool(models),
    clock,
    random: random.fork(`test ${index}`),
    route,
    // The router's own stages read the request; what goes on to an engine is the gateway's to look at.
    sentTexts: () => [],
  };
  let ended = '';
  for (const stage of router.stages) {
    const result = await stage.run(context);
    if (result.kind === 'continue') continue;
    ended = result.kind === 'answer' ? ' (fixed answer)' : ` (${result.error.code})`;
    break;
  }
  const { expect, expect_model } = test;
  const model = ended === '' ? route.candidates[0]?.model : undefined;
  if ((expect ?? route.decision) === route.decision && (expect_model === undefined || expect_model === model))
    return undefined;
  return {
    name: test.name ?? nameOf(test),
    path: ['tests', index],
    expected: [expect, expect_model].filter(part => part !== undefined).join(' → '),
    got: expect_model === undefined ? route.decision + ended : `${route.decision} → ${model ?? 'no model'}${ended}`,
    why: route.reason.summary,
  };
}

function requestOf(test: PolicyTestConfig, index: number, model: string, clock: Clock): InferenceRequest {
  const spoken = test.messages ?? [{ role: 'user' as const, content: test.prompt ?? '' }];
  const messages = spoken.map(({ role, content }): Message => ({ role, content: [{ type: 'text', text: content }] }));
  const headers = Object.entries(test.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  const tools = (test.tools ?? []).map(name => ({ name, description: '', parameters: {} }));
  const chars = spoken.reduce((sum, { content }) => sum + content.length, 0);
  return {
    id: `test-${index}`,
    arrivedAt: clock.now(),
    model,
    messages,
    tools,
    sampling: { n: 1, structured: false },
    stream: false,
    caller: {
      address: '127.0.0.1',
      headers: Object.fromEntries(headers),
      ...(test.user === undefined ? undefined : { user: test.user }),
    },
    metadata: test.metadata ?? {},
    promptBytes: tools.reduce((sum, { name }) => sum + name.length, chars),
  };
}

function givenBy({ signals = {} }: PolicyTestConfig): ReadonlyMap<string, SignalValue> {
  return new Map(Object.entries(signals).map(([name, given]) => [name, readOf(given)]));
}

function readOf(given: NonNullable<PolicyTestConfig['signals']>[string]): SignalValue {
  const evidence = 'given by the test';
  if (given === 'unknown') return { state: 'unknown', score: 0, evidence };
  if (typeof given === 'object') return { state: 'true', score: given.score, label: given.label, evidence };
  const score = Number(given);
  return { state: score > 0 ? 'true' : 'false', score, evidence };
}

function nameOf({ prompt, messages }: PolicyTestConfig): string {
  const text = prompt ?? messages?.at(-1)?.content ?? '';
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
