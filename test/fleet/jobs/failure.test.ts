import { expect, test } from 'vitest';
import { WeirError } from '#contract/errors.js';
import { within } from '#contract/within.js';
import { failureOf } from '#fleet/jobs/failure.js';
import type { Job, JobEvent } from '#fleet/jobs/job.js';
import { runJob } from '#fleet/jobs/run-job.js';

const plan: Job = {
  ...{ kind: 'plan', model: 'llama-3.1-8b', gpus: ['h100'], price: 'on_demand', seed: 1 },
  trace: { from: 'generated', kind: 'azure', requests: 300, rate: 5 },
  buying: { target: 0.999, up: 0.99 },
  slo: { ttftP99Ms: 500, tpotMs: 50 },
};

test.each([
  [{ gpus: ['abacus'] }, 'gpus'],
  [{ model: 'gpt-9' }, 'model'],
  [{ provider: 'nobody' }, 'price'],
  [{ overTime: { windowMs: 3_600_000, compressible: 0 } }, 'over_time.window_s'],
  [{ trace: { from: 'text', text: 'num_prefill_tokens,num_decode_tokens\n5,5\n6,6\n' } as const }, 'rate'],
  [{ trace: { from: 'requests', requests: [] } as const }, 'trace.hours'],
  [{ trace: { from: 'text', text: 'nothing' } as const }, 'trace.text: line 1'],
])('of %j it says which field of the body is wrong, and no option of the command line', async (wrong, path) => {
  const last = await lastOf({ ...plan, ...wrong });
  expect(last).toMatchObject({ name: 'failed', data: { path } });
  expect(JSON.stringify(last)).not.toContain('--');
});

async function lastOf(job: Job): Promise<JobEvent> {
  const events: JobEvent[] = [];
  await runJob(job, event => events.push(event));
  return events.at(-1)!;
}

test('a field holds the place within it, and keeps what the error says', () => {
  const wrong = (path?: string) => () => {
    throw new WeirError('usage.invalid', 'no', { hint: 'yes', ...(path === undefined ? {} : { path }) });
  };
  const told = (path?: string) => {
    try {
      return within('catalogue', wrong(path));
    } catch (error) {
      return failureOf(error);
    }
  };
  expect(told('gpus.0')).toEqual({ code: 'request.invalid', message: 'no', path: 'catalogue: gpus.0', hint: 'yes' });
  expect(told()).toMatchObject({ path: 'catalogue' });
  expect(within('rate', () => 5)).toBe(5);
  expect(failureOf(new TypeError('x'))).toEqual({ code: 'internal.defect', message: 'A defect in Weir' });
});
