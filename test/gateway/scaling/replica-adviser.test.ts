import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DecisionRecord } from '#contract/record.js';
import { type AdviserPorts, ReplicaAdviser, type SeenLengths } from '#gateway/scaling/replica-adviser.js';
import { asOne, standingOf, standingOfAll } from '#gateway/standing.js';
import { Tally } from '#telemetry/traffic/tally.js';
import { Traffic } from '#telemetry/traffic/traffic.js';
import { recordLike } from '../../support/record-like.js';
import { configOf, type RunningGateway, startGateway } from '../../support/running-gateway.js';
import { VirtualClock } from '../../support/virtual-clock.js';

const MINUTE = 60_000;
let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway(`
workload: { slo: { ttft_p99: 2s, tpot_p99: 100ms } }
router: { decisions: [{ name: default, when: otherwise, models: [m] }] }
pool:
  models: { m: { context: 32k }, far: {}, e: { kind: embedding } }
  pools:
    known: { model: m, served_as: qwen3-8b, gpu: h100, health: false, scale: { max: 40, hold: 5m }, replicas: ["http://127.0.0.1:9", "http://127.0.0.1:7", "http://127.0.0.1:5"] }
    sunny: { model: m, served_as: qwen3-8b, gpu: h100, health: false, scale: { start: 1h }, replicas: ["http://127.0.0.1:17"] }
    strange: { model: m, health: false, replicas: ["http://127.0.0.1:11"] }
    cloudy: { model: far, cloud: "http://127.0.0.1:13" }
    vectors: { model: e, health: false, replicas: ["http://127.0.0.1:15"] }
`);
});
afterAll(() => running.close());

function recordOf(pool: string): DecisionRecord {
  const record = recordLike('r');
  const usage = { promptTokens: 1200, completionTokens: 300, cachedTokens: 200 };
  return { ...record, outcome: { ...record.outcome, status: 'answered', model: 'm', pool, usage } };
}

/** An adviser in a time of its own, and how to have so many requests a minute come to a pool for so long. */
function advised(
  standing: AdviserPorts['standing'] = () => standingOfAll(running.gateway),
  { traffic = new Traffic(), from = 1000 * MINUTE, others = [] as readonly SeenLengths[] } = {},
) {
  const clock = new VirtualClock(from);
  const runtime = () => running.gateway.runtime;
  const lengths = async () => [adviser.lengths(512), ...others];
  const adviser: ReplicaAdviser = new ReplicaAdviser({ runtime, standing, lengths, traffic, clock });
  const come = async (pool: string, minutes: number, perMinute: number) => {
    const seen: (number | undefined)[] = [];
    for (let minute = 0; minute < minutes; minute++) {
      for (let i = 0; i < perMinute; i++) {
        clock.advance(MINUTE / perMinute);
        adviser.observe(recordOf(pool));
        traffic.observe(recordOf(pool), clock.wall(), undefined);
      }
      await adviser.look();
      seen.push(of(pool)?.advice?.replicas);
    }
    return seen;
  };
  const of = (pool: string) => adviser.recommendations.find(one => one.pool === pool);
  return { adviser, clock, come, of };
}

it('says why where nothing can be said', async () => {
  const { adviser, come, of } = advised();
  await adviser.look();
  const none = (pool: string) => of(pool)?.none;
  expect(['known', 'strange', 'cloudy', 'vectors'].map(none)).toEqual([
    ...['few_requests', 'few_requests', 'cloud', 'embedding'],
  ]);
  await come('strange', 2, 30);
  expect(none('strange')).toBe('unknown_speed');
  expect(of('strange')?.advice).toBeUndefined();
});

it('takes what other processes have seen for what it has seen', async () => {
  const lengths = { promptTokens: 1200, outputTokens: 300, cachedTokens: 200 };
  const alone = advised();
  expect(await alone.come('known', 1, 9)).toEqual([undefined]);
  expect(alone.of('known')?.none).toBe('few_requests');
  const together = advised(undefined, { others: [{ known: [lengths] }, { known: Array(10).fill(lengths) }] });
  expect(await together.come('known', 1, 9)).toEqual([3]);
  const one = advised();
  await one.come('known', 1, 60);
  const rate = ({ of }: ReturnType<typeof advised>) => of('known')!.advice!.capacity.requestsPerSecond;
  expect(rate(together)).toBeCloseTo(rate(one), 6);
  // Of what it tells others, the newest.
  expect(one.adviser.lengths(7).known).toEqual(Array(7).fill(lengths));
});

it('recommends what the load of now takes, then by forecast too; rises at once, falls after the hold, within the bounds', async () => {
  const { clock, adviser, come, of } = advised();
  await come('known', 1, 60);
  const { capacity, ...first } = of('known')!.advice!;
  expect(capacity.from).toBe('engine model');
  expect(first.forecast).toBeUndefined();
  expect(first.decides).toBe('load now');
  await come('known', 70, 60);
  expect(of('known')!.advice!.forecast!.perSecond).toBeGreaterThanOrEqual(0.9);
  const calm = of('known')!.advice!.replicas;

  const high = Math.ceil(60 * capacity.requestsPerSecond * 4);
  const risen = await come('known', 1, high);
  expect(risen[0]).toBeGreaterThan(calm);
  expect(risen[0]).toBeGreaterThanOrEqual(4);

  const lulls: number[] = [];
  for (let minute = 0; minute < 5; minute++) {
    clock.advance(MINUTE - 1);
    await adviser.look();
    lulls.push(of('known')!.advice!.replicas);
  }
  expect(Math.min(...lulls)).toBeGreaterThanOrEqual(risen[0]!);
  const later: number[] = [];
  for (let minute = 0; minute < 10; minute++) {
    clock.advance(MINUTE);
    await adviser.look();
    later.push(of('known')!.advice!.replicas);
  }
  expect(later.at(-1)).toBeLessThan(risen[0]!);

  await come('known', 1, Math.ceil(60 * capacity.requestsPerSecond * 60));
  expect(of('known')!.advice).toMatchObject({ replicas: 40, bound: 'max' });
});

it('begins with the replicas that are there, and lets go of them after the hold', async () => {
  const { come } = advised();
  const seen = await come('known', 7, 30);
  expect(seen.slice(0, 5)).toEqual([3, 3, 3, 3, 3]);
  expect(seen.at(-1)).toBe(1);
});

it('recommends the same for several processes with a share each as for one that has all', async () => {
  const standing = (inFlight: number, limit: number) => {
    const now = standingOf(running.gateway);
    return { ...now, pools: now.pools.map(pool => ({ ...pool, inFlight, limit })) };
  };
  const one = advised(async () => standing(900, 768));
  const three = advised(async () => asOne([standing(300, 256), standing(500, 256), standing(100, 256)]));
  await one.come('known', 1, 60);
  await three.come('known', 1, 60);
  expect(one.of('known')?.advice).toMatchObject({ decides: 'places', needed: 900 / 256, replicas: 4 });
  expect(three.of('known')?.advice).toEqual(one.of('known')?.advice);
});

it('looks by itself once a minute until it is stopped', async () => {
  const { clock, adviser } = advised();
  adviser.start();
  expect(clock.pending).toBe(1);
  clock.advance(MINUTE);
  await expect.poll(() => adviser.recommendations.length).toBe(5);
  await expect.poll(() => clock.pending).toBe(1);
  adviser.stop();
  expect(clock.pending).toBe(0);
});

it('knows from the history of traffic what is usual at that time of day', async () => {
  const DAY = 24 * 60 * MINUTE;
  const perWindow = (at: number) => Math.round(100 + 80 * Math.sin((2 * Math.PI * at) / DAY));
  const epoch = new VirtualClock().wall();
  const peak = Math.ceil(epoch / DAY) * DAY + 4 * DAY + DAY / 4;
  const now = peak - 60 * MINUTE;
  const forecastAfter = async (days: number) => {
    const traffic = new Traffic();
    for (let at = now - days * DAY; at < now; at += 5 * MINUTE) {
      const tally = new Tally(at);
      for (let i = 0; i < perWindow(at); i++) tally.observe(recordOf('sunny'), undefined);
      traffic.add(tally, at);
    }
    const { adviser, of } = advised(undefined, { traffic, from: now - epoch });
    for (let i = 0; i < 20; i++) adviser.observe(recordOf('sunny'));
    await adviser.look();
    return 300 * of('sunny')!.advice!.forecast!.perSecond;
  };
  const [one, three] = [await forecastAfter(1), await forecastAfter(3)];
  expect(three).toBeGreaterThanOrEqual(perWindow(peak));
  expect(three - perWindow(peak)).toBeLessThan(0.5 * Math.abs(one - perWindow(peak)));
});

it('says nothing of pools that have left the configuration, and counts the replicas that are left', async () => {
  const config = (pools: string) => `
router: { decisions: [{ name: default, when: otherwise, models: [m] }] }
pool:
  models: { m: {} }
  pools:
    ${pools}
`;
  const stays = (...ports: number[]) =>
    `stays: { model: m, health: false, replicas: [${ports.map(port => `"http://127.0.0.1:${port}"`)}] }`;
  const goes = 'goes: { model: m, health: false, replicas: ["http://127.0.0.1:7"] }';
  const own = await startGateway(config(`${stays(9, 8)}\n    ${goes}`));
  const { adviser } = own.gateway;
  const told = async () => {
    const { pools } = (await (await fetch(`${own.url}/api/pools/recommendations`)).json()) as {
      pools: { pool: string; available: number }[];
    };
    return pools.map(({ pool, available }) => [pool, available]);
  };
  try {
    await adviser.look();
    expect(await told()).toEqual([
      ['stays', 2],
      ['goes', 1],
    ]);
    own.gateway.reload(configOf(config(stays(9))));
    expect(await told()).toEqual([['stays', 1]]);
    expect(adviser.recommendations.map(({ pool }) => pool)).toEqual(['stays']);
    // What has come since the last look is known from the next on.
    own.gateway.reload(configOf(config(`${goes}\n    ${stays(9)}`)));
    await adviser.look();
    expect(await told()).toEqual([
      ['goes', 1],
      ['stays', 1],
    ]);
  } finally {
    await own.close();
  }
});
