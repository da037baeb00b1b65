/**
 * Coverage-guided fuzzing of everything that reads what others wrote.
 *
 *   npm run fuzz -- [--target chat-request] [--cases 100000] [--seed 1] [--seconds 60] [--json]
 *   npm run fuzz -- --replay test/fuzz/regressions
 *
 * Cases come from a grammar for each target, and from changing cases that reached code that none before them had. The same seed
 * gives the same cases. A case that fails is made as small as it gets and printed in the form of a file in `regressions`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../dist/contract/random.js';
import { Coverage } from './coverage.mjs';
import { chance, pick } from './draw.mjs';
import { mutate, shrink } from './mutate.mjs';
import * as chatAnswer from './targets/chat-answer.mjs';
import * as chatRequest from './targets/chat-request.mjs';
import * as chatStream from './targets/chat-stream.mjs';
import * as config from './targets/config.mjs';
import * as httpResponse from './targets/http-response.mjs';
import * as jsonEdit from './targets/json-edit.mjs';
import * as metrics from './targets/metrics.mjs';
import * as policy from './targets/policy.mjs';
import * as trace from './targets/trace.mjs';

export const TARGETS = [chatRequest, chatStream, chatAnswer, jsonEdit, httpResponse, policy, trace, metrics, config];

/** Cases between two looks at what has run: more as less is new, for a look costs as much as hundreds of cases. */
const SMALLEST_BATCH = 32;
const LARGEST_BATCH = 8192;
/** When so many cases have shown nothing new, nobody counts for so many more: they run several times faster. */
const QUIET = 16_384;
const BLIND = 131_072;
const MOST_BLIND = 1_048_576;
const MOST_KEPT = 512;
const MOST_FINDS = 10;
/** A configuration takes a millisecond, where other cases take microseconds. */
const SLOW = { config: 50, trace: 4 };

async function failure(target, item) {
  try {
    const running = target.check(item.pieces, item);
    if (running !== undefined) await running;
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}`.split('\n', 1)[0] : String(error);
  }
}

/** @param seconds no new case is begun after so many, whatever `cases` says. */
export async function fuzz(target, { cases, seed, seconds: most = Number.POSITIVE_INFINITY }) {
  const random = seededRandom(seed).fork(target.name);
  const coverage = new Coverage();
  coverage.start();
  const kept = [];
  const draw = drawing(target, random, kept);
  const finds = new Map();
  const begun = performance.now();
  const until = begun + most * 1000;
  let blind = BLIND;
  let batch = SMALLEST_BATCH;
  let run = 0;
  let quiet = 0;
  const attempt = async item => {
    const failed = await failure(target, item);
    if (failed !== undefined && !finds.has(failed) && finds.size < MOST_FINDS) finds.set(failed, item);
  };
  while (run < cases && finds.size < MOST_FINDS && performance.now() < until) {
    if (quiet >= QUIET) {
      coverage.stop();
      for (const end = Math.min(cases, run + blind); run < end && performance.now() < until; run++)
        await attempt(draw());
      blind = Math.min(blind * 2, MOST_BLIND);
      quiet = 0;
      coverage.start();
      continue;
    }
    const items = Array.from({ length: Math.min(batch, cases - run) }, draw);
    const mark = coverage.mark();
    for (const item of items) await attempt(item);
    run += items.length;
    if (!coverage.take()) {
      quiet += items.length;
      batch = Math.min(batch * 2, LARGEST_BATCH);
      continue;
    }
    coverage.rewind(mark);
    for (const item of items) {
      await failure(target, item);
      if (coverage.take()) keep(kept, item, random);
    }
    quiet = 0;
    blind = BLIND;
    batch = SMALLEST_BATCH;
  }
  const seconds = (performance.now() - begun) / 1000;
  const { functions, missing } = coverage.reached;
  coverage.stop();
  const failures = [];
  for (const [reason, item] of finds) {
    const fails = async pieces => (await failure(target, { ...item, pieces })) === reason;
    failures.push({ target: target.name, reason, mutated: item.mutated, pieces: await shrink(item.pieces, fails) });
  }
  return { target: target.name, cases: run, seconds, kept: kept.length, functions, missing, failures };
}

/** Cases without end: one in four from the grammar, the others changed from the last of those or from what reached something new. */
function drawing(target, random, kept) {
  let latest;
  return () => {
    if (latest === undefined || chance(random, 0.25)) {
      latest = target.generate(random);
      return { pieces: latest, mutated: false };
    }
    const some = kept.length === 0 ? latest : pick(random, kept).pieces;
    const [base, other] = chance(random, 0.6) ? [latest, some] : [some, latest];
    return { pieces: mutate(random, base, other), mutated: true };
  };
}

function keep(kept, item, random) {
  if (kept.length < MOST_KEPT) kept.push(item);
  else kept[random.below(MOST_KEPT)] = item;
}

/** Runs the cases that once failed. */
export async function replay(folder) {
  const failures = [];
  let cases = 0;
  for (const file of readdirSync(folder).filter(name => name.endsWith('.json'))) {
    const item = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const target = TARGETS.find(({ name }) => name === item.target);
    if (target === undefined) throw new Error(`${file} is for no target`);
    const reason = await failure(target, item);
    cases++;
    if (reason !== undefined) failures.push({ ...item, reason });
  }
  return { cases, failures };
}

export async function main(argv) {
  // Most cases end in an error that is thrown and caught: a trace of each would take most of the time.
  Error.stackTraceLimit = 0;
  const { values } = parseArgs({
    args: argv,
    options: {
      target: { type: 'string', multiple: true },
      cases: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      seconds: { type: 'string' },
      replay: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const say = value => process.stdout.write(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
  if (values.replay !== undefined) {
    const { cases, failures } = await replay(values.replay);
    for (const failed of failures) say(failed);
    say(`${cases} cases replayed, ${failures.length} failed`);
    return failures.length === 0 ? 0 : 1;
  }
  const chosen = values.target === undefined ? TARGETS : TARGETS.filter(({ name }) => values.target.includes(name));
  if (chosen.length === 0) {
    say(`no such target; there are ${TARGETS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  let failed = 0;
  for (const target of chosen) {
    const cases = Math.ceil(Number(values.cases) / (values.target === undefined ? (SLOW[target.name] ?? 1) : 1));
    const result = await fuzz(target, {
      cases,
      seed: Number(values.seed),
      seconds: Number(values.seconds ?? Number.POSITIVE_INFINITY),
    });
    failed += result.failures.length;
    const rate = Math.round(result.cases / result.seconds);
    if (values.json) say(result);
    else {
      say(
        `${result.target}: ${result.cases} cases, ${rate}/s, ${result.functions} functions reached (${result.missing} parts of them not), ${result.kept} cases kept, ${result.failures.length} failed`,
      );
      for (const one of result.failures) say(one);
    }
  }
  return failed === 0 ? 0 : 1;
}
