import { expect, it } from 'vitest';
import { WeirError } from '#contract/errors.js';
import type { Job, JobEvent } from '#fleet/jobs/job.js';
import { jobEvents } from '#gateway/admin/job-events.js';
import type { Gateway } from '#gateway/gateway.js';

const progress = (text: string): JobEvent => ({ name: 'progress', data: { text } });
const files: JobEvent = { name: 'files', data: { files: [] } };
const page: JobEvent = { name: 'page', data: { file: 'a.html', html: '' } };
const last: JobEvent = { name: 'failed', data: { code: 'config.range', message: 'no' } };

/** A gateway whose jobs tell what the test says, and whose clock goes on when the test says. */
function staged() {
  const timers: (() => void)[] = [];
  let tell: (event: JobEvent) => void = () => undefined;
  let stopped = 0;
  const jobs = {
    start(_: Job, told: typeof tell) {
      tell = told;
      return () => stopped++;
    },
  };
  const clock = {
    after(_: number, work: () => void) {
      timers.push(work);
      return () => timers.splice(timers.indexOf(work), 1);
    },
  };
  return {
    gateway: { jobs, runtime: { clock } } as unknown as Gateway,
    tell: (event: JobEvent) => tell(event),
    pass() {
      for (const work of timers.splice(0)) work();
    },
    timers,
    stopped: () => stopped,
  };
}

it('a slow reader misses what passes and nothing else, in order, and the stream ends after the last', async () => {
  const { gateway, tell, pass, timers } = staged();
  const sent: string[] = [];
  let [slow, ended] = [false, 0];
  const source = jobEvents(gateway, async () => ({}) as Job);
  source(
    name => !slow && sent.push(name) > 0,
    () => ended++,
  );
  await Promise.resolve();
  tell(progress('one'));
  slow = true;
  for (const event of [progress('two'), files, progress('three'), page, last]) tell(event);
  pass();
  expect(sent).toEqual(['progress']);
  expect(timers).toHaveLength(1);
  slow = false;
  pass();
  expect(sent).toEqual(['progress', 'files', 'page', 'failed']);
  expect([ended, timers.length]).toEqual([1, 0]);
});

it('what is wrong before the job begins is told with its field', async () => {
  const sent: unknown[] = [];
  const wrong = new WeirError('config.unreadable', 'no text', { path: 'configuration', hint: 'send one' });
  const ended = new Promise<void>(done => {
    const source = jobEvents(staged().gateway, async () => Promise.reject(wrong));
    source((name, data) => sent.push({ name, data }) > 0, done);
  });
  await ended;
  const data = { code: 'config.unreadable', message: 'no text', path: 'configuration', hint: 'send one' };
  expect(sent).toEqual([{ name: 'failed', data }]);
});

it('a stream that is closed stops its job and offers nothing more', async () => {
  const { gateway, tell, timers, stopped } = staged();
  const close = jobEvents(gateway, async () => ({}) as Job)(
    () => false,
    () => undefined,
  );
  await Promise.resolve();
  tell(files);
  expect(timers).toHaveLength(1);
  close();
  expect([timers.length, stopped()]).toEqual([0, 1]);
});
