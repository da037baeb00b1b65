import { describe, expect, test } from 'vitest';
import { isLast, type Job, type JobEvent } from '#fleet/jobs/job.js';
import { JobHost } from '#fleet/jobs/job-host.js';
import { runJob } from '#fleet/jobs/run-job.js';
import type { SimulationReport } from '#fleet/simulate/report.js';
import { machineClock } from '#gateway/machine-clock.js';

const generated = { from: 'generated', kind: 'azure', requests: 300, rate: 5 } as const;
const text = `router: { decisions: [{ name: all, when: otherwise, models: [m] }] }
pool:
  models: { m: {} }
  pools: { p: { model: m, simulate: { model: llama-3.1-8b, gpu: h100 } } }
`;
const simulation = {
  ...{ kind: 'simulation', trace: generated, rateScale: 1, seeds: 1, seed: 1 },
  configuration: { text, file: 'weir.yaml', called: 'this' },
} as const satisfies Job;
const larger = { text: text.replace('gpu: h100', 'gpu: h100, replicas: 2'), file: 'then.yaml', called: 'that' };
const comparison: Job = {
  ...{ kind: 'what-if', trace: generated, rateScale: 1, seeds: 3, seed: 1 },
  ...{ first: simulation.configuration, second: larger },
};
const plan: Job = {
  ...{ kind: 'plan', trace: generated, model: 'llama-3.1-8b', gpus: ['h100'], price: 'on_demand', seed: 1 },
  buying: { target: 0.999, up: 0.99 },
  slo: { ttftP99Ms: 500, tpotMs: 50 },
};

async function eventsOf(job: Job): Promise<readonly JobEvent[]> {
  const events: JobEvent[] = [];
  await runJob(job, event => events.push(event));
  return events;
}

describe('a job', () => {
  test('tells how it goes and ends with its result', async () => {
    const events = await eventsOf(simulation);
    expect(events.map(isLast).indexOf(true)).toBe(events.length - 1);
    const moments = events.filter(({ name }) => name === 'moment');
    expect(moments.length).toBeGreaterThan(100);
    expect(moments[0]?.data).toMatchObject({ pools: { p: { replicas: 1, inFlight: expect.any(Number) } } });
    expect(events.at(-1)).toMatchObject({ name: 'simulation', data: { requests: { arrived: 300, completed: 300 } } });
    const planned = await eventsOf(plan);
    expect(planned.map(isLast).indexOf(true)).toBe(planned.length - 1);
    expect(planned.at(-2)).toMatchObject({
      name: 'page',
      data: { html: expect.stringMatching(/^<!doctype html>[\s\S]*A fleet for llama/i) },
    });
    expect(planned.at(-3)).toMatchObject({
      name: 'files',
      data: { files: expect.arrayContaining([{ path: 'weir.yaml', text: expect.stringContaining('pools:') }]) },
    });
    expect(planned.at(-1)).toMatchObject({ name: 'plan', data: { best: { verified: { ok: true } } } });
  });

  test('a comparison tells each run that has ended, what is changed and what that does', async () => {
    const events = await eventsOf(comparison);
    const shares = events.flatMap(({ name, data }) => (name === 'progress' && data.share ? [data.share] : []));
    expect(shares).toEqual([1, 2, 3, 4, 5, 6].map(run => run / 6));
    expect(events.map(isLast).indexOf(true)).toBe(events.length - 1);
    expect(events.at(-1)).toMatchObject({
      name: 'comparison',
      data: {
        seeds: [1, 2, 3],
        changes: [{ of: 'pool p', setting: 'replicas', first: '1 of 1 × h100', second: '2 of 1 × h100' }],
        metrics: { usd_per_hour: { words: 'USD an hour', unit: null, relative: 1, verdict: 'worse' } },
      },
    });
    const broken = { ...comparison, second: { text: 'pool: 7', file: 'then.yaml', called: 'that' } };
    expect((await eventsOf(broken)).at(-1)).toMatchObject({
      data: { code: 'config.invalid', path: expect.stringMatching(/^second: pool/) },
    });
  });

  test('a comparison draws arrivals at a rate, and of lengths without times only so', async () => {
    const lengths = { from: 'text', text: `num_prefill_tokens,num_decode_tokens\n${'50,5\n'.repeat(40)}` } as const;
    const untimed = { ...comparison, trace: lengths };
    expect((await eventsOf(untimed)).at(-1)).toMatchObject({ name: 'failed', data: { code: 'trace.unreadable' } });
    expect((await eventsOf({ ...untimed, rate: 5, model: 'm' })).at(-1)).toMatchObject({ data: { requests: 40 } });
    expect((await eventsOf({ ...comparison, model: 'nobody' })).at(-1)).toMatchObject({
      data: { code: 'config.unknown_reference' },
    });
  });

  test('a plan is bought, divided and sized anew as it is asked to be', async () => {
    const moving = {
      ...plan,
      buying: { target: 0.999, up: 0.99, spotUp: 0.9 },
      overTime: { windowMs: 15_000, compressible: 0 },
    };
    const [told, moved] = [(await eventsOf(plan)).at(-1), (await eventsOf(moving)).at(-1)];
    expect(told).toMatchObject({ data: { over_time: null } });
    expect(moved).toMatchObject({ data: { over_time: { window_s: 15, windows: { length: 4 } } } });
    const spots = (event: JobEvent | undefined) =>
      event?.name === 'plan' &&
      event.data.buying.some(({ pools }) => pools.some(({ machines }) => machines.some(({ kind }) => kind === 'spot')));
    expect([spots(told), spots(moved)]).toEqual([false, true]);
  });

  test('real pools are simulated by the hardware that the file says; without it, it says what is missing', async () => {
    const real = (more: string) => ({
      ...simulation,
      configuration: {
        ...{ file: 'weir.yaml', called: 'this' },
        text: text
          .replace(/m: \{\}/, 'llama-3.1-8b: {}')
          .replaceAll(/\[m\]/g, '[llama-3.1-8b]')
          .replace(
            /model: m, simulate: \{.*?\}/,
            `model: llama-3.1-8b, replicas: ["http://10.0.0.1:8000", "http://10.0.0.2:8000"]${more}`,
          ),
      },
    });
    expect((await eventsOf(real(', gpu: h100'))).at(-1)).toMatchObject({ data: { pools: { p: { replicas: 2 } } } });
    expect((await eventsOf(real(''))).at(-1)).toMatchObject({ name: 'failed', data: { code: 'config.missing' } });
  });

  test('takes GPUs of its own, for as long as it runs', async () => {
    const catalogue = `gpus: [{ name: abacus, memory_bytes: 85e9, bandwidth_tbps: 3, tflops_16: 900, link_gbps: 400, board_watts: 700,
  prices: [{ kind: on_demand, usd_per_hour: 7, provider: us, date: 2026-11-01, source: contract 4711 }], source: a data sheet }]`;
    const own = {
      ...simulation,
      configuration: { text: text.replace('h100', 'abacus'), file: 'weir.yaml', called: 'this' },
    };
    const lacking = { name: 'failed', data: { code: 'config.invalid', message: expect.stringContaining('abacus') } };
    expect((await eventsOf(own)).at(-1)).toMatchObject(lacking);
    expect((await eventsOf({ ...own, catalogue })).at(-1)).toMatchObject({
      data: { pools: { p: { usd_per_hour: expect.closeTo(7, 9) } } },
    });
    expect((await eventsOf({ ...plan, gpus: ['abacus'], catalogue })).at(-1)).toMatchObject({
      data: { best: { pools: [{ gpu: 'abacus', price: { usd_per_hour: 7 } }] } },
    });
    expect((await eventsOf(own)).at(-1)).toMatchObject(lacking);
    expect((await eventsOf({ ...own, catalogue: 'gpus: 7' })).at(-1)).toMatchObject({
      data: { code: 'request.invalid', path: 'catalogue: gpus' },
    });
  });

  test('a simulation draws arrivals at a rate, asks for a model, and over several runs has intervals', async () => {
    const lengths = { from: 'text', text: `num_prefill_tokens,num_decode_tokens\n${'50,5\n'.repeat(40)}` } as const;
    const drawn: Job = { ...simulation, trace: lengths, rate: 2, model: 'm', seeds: 3 };
    const told = await eventsOf(drawn);
    expect(told.at(-1)).toMatchObject({
      name: 'simulation',
      data: {
        requests: { arrived: 40 },
        intervals: { seeds: 3, metrics: { ttft_mean_ms: { words: 'TTFT, mean', unit: 'ms' } } },
      },
    });
    expect(told.at(-2)).toMatchObject({ name: 'page', data: { html: expect.stringContaining('Over 3 seeds') } });
    const faster = (await eventsOf({ ...drawn, rate: 4 })).at(-1)!.data as SimulationReport;
    const { duration_s: slow } = told.at(-1)!.data as SimulationReport;
    expect(slow / faster.duration_s).toBeGreaterThan(1.8);
    const asked = { ...drawn, model: 'nobody' };
    expect((await eventsOf(asked)).at(-1)).toMatchObject({ data: { code: 'config.unknown_reference', path: 'model' } });
  });

  test('requests of the warm-up are left out of times, and of nothing else', async () => {
    const [all, later] = [simulation, { ...simulation, warmUpMs: 30_000 }].map(job => eventsOf(job));
    const [first, second] = [(await all!).at(-1)!.data, (await later!).at(-1)!.data] as SimulationReport[];
    expect(second!.requests).toEqual(first!.requests);
    expect(second!.ttft_ms).not.toEqual(first!.ttft_ms);
  });

  test('requests are drawn from a distribution of lengths, at a rate', async () => {
    const trace = {
      from: 'cdf',
      cdf: [
        [100, 0.5],
        [200, 1],
      ],
      requests: 300,
      rate: 5,
    } as const;
    expect((await eventsOf({ ...plan, trace })).at(-1)).toMatchObject({
      data: { requests: 300, workload: { lengths: expect.arrayContaining([[expect.closeTo(200, -1), 1]]) } },
    });
    const falling = {
      ...trace,
      cdf: [
        [100, 0.5],
        [50, 1],
      ],
    };
    expect((await eventsOf({ ...plan, trace: falling })).at(-1)).toMatchObject({
      data: { code: 'trace.unreadable', path: 'trace.cdf: [1]', hint: 'whole tokens above 100' },
    });
  });

  test('rows that are left out are told with their reasons', async () => {
    const text = 'num_prefill_tokens,num_decode_tokens\n50,5\nx,5\n60,6\n';
    const told = await eventsOf({ ...plan, trace: { from: 'text', text }, rate: 5 });
    expect(told.find(({ name }) => name === 'trace')).toMatchObject({
      data: { requests: 2, refusals: [{ rows: 1, line: 3 }] },
    });
  });

  test.each([
    ['a text that is no trace', { ...plan, trace: { from: 'text', text: 'nothing' } }, 'trace.unreadable'],
    ['no requests', { ...plan, trace: { from: 'requests', requests: [] } }, 'trace.unreadable'],
    [
      'lengths without a rate',
      { ...plan, trace: { from: 'text', text: 'num_prefill_tokens,num_decode_tokens\n5,5\n6,6\n' } },
      'trace.unreadable',
    ],
    ['an unknown GPU', { ...plan, gpus: ['abacus'] }, 'config.unknown_reference'],
    [
      'a configuration that is none',
      { ...simulation, configuration: { text: 'pool: 7', file: 'x', called: 'this' } },
      'config.invalid',
    ],
  ] as const)('%s is a failure with its code', async (_, job, code) => {
    expect((await eventsOf(job as Job)).at(-1)).toMatchObject({ name: 'failed', data: { code } });
  });
});

describe('the host of jobs', () => {
  test('runs one at a time in a thread; stopping frees the place, and a stopped job tells nothing more', async () => {
    const host = new JobHost(machineClock);
    const late: JobEvent[] = [];
    const stop = host.start({ ...plan, trace: { ...generated, requests: 50_000, rate: 200 } }, event =>
      late.push(event),
    );
    expect(() => host.start(plan, () => undefined)).toThrow(expect.objectContaining({ code: 'gateway.overloaded' }));
    stop();
    const told = late.length;
    const last = await expect.poll(
      () =>
        new Promise<JobEvent | undefined>(resolve => {
          try {
            host.start(simulation, event => isLast(event) && resolve(event));
          } catch {
            resolve(undefined);
          }
        }),
      { timeout: 50_000 },
    );
    await last.toMatchObject({ name: 'simulation' });
    expect(late).toHaveLength(told);
    stop();
  });
});
