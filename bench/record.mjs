/**
 * What a decision record costs: records per second that reach the disk, and CPU time per record over both threads. Beside it,
 * for machines that are slow or shared, what `JSON.stringify` of the record alone costs in the same run.
 *
 *   node bench/record.mjs [--json] [--records 60000] [--ids random|ordered]
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { recordJson } from '../dist/store/record-json.js';
import { openRecordStore } from '../dist/store/record-store.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    records: { type: 'string', default: '60000' },
    ids: { type: 'string' },
  },
});
const total = Number(values.records);
const WARM_UP = 10_000;

const SIGNALS = ['legal', 'big', 'agentic', 'vip', 'french', 'code', 'risky', 'long', 'tools', 'night'];
const TYPES = ['keyword', 'context', 'conversation', 'metadata', 'language'];

/** A record as ten signals, two candidates and one attempt leave it: 2.3 kB of JSON. */
function made(id, at) {
  const ms = () => Math.random();
  const session = `k=k_9f8e7d6c,u=u-${Math.floor(Math.random() * 5000)}/~${Math.random().toString(16).slice(2, 16)}`;
  return {
    id,
    at,
    api: 'openai-chat',
    modelAsked: 'auto',
    stream: true,
    caller: { key: 'k_9f8e7d6c', user: 'u-17', address: '127.0.0.1' },
    profile: {
      archetype: 'chat',
      turn: 3,
      warmth: 'warm',
      heaviness: 'balanced',
      modality: 'text',
      session,
      application: 'a1b2c3d4e5f601',
      promptTokens: 812,
      outputTokens: { p50: 200, p75: 400 },
    },
    signals: SIGNALS.map((name, i) => ({
      name,
      type: TYPES[i % TYPES.length],
      state: i === 1 ? 'true' : 'false',
      score: i === 1 ? 812 : 0,
      ...(i === 1 ? { evidence: '812 tokens, above 512' } : {}),
      ms: ms() / 20,
    })),
    decision: 'counsel',
    reason: {
      summary: 'big and not french: context 812; language en',
      passed: [
        { decision: 'refuse', why: 'risky is false' },
        { decision: 'night', why: 'night is false' },
      ],
    },
    selector: 'multi_factor',
    strategy: 'fallback',
    candidates: [
      { model: 'small', score: ms(), propensity: 1, reason: 'cost 0.83, latency 0.31', eligible: true },
      { model: 'large', score: ms(), propensity: 0, reason: 'cost 0.12, latency 0.42', eligible: true },
    ],
    parameters: { reasoningEffort: 'high', maxOutputTokens: 2048 },
    stages: [
      { stage: 'profile', ms: ms() / 100 },
      { stage: 'decision', ms: ms() / 50, note: 'counsel' },
      { stage: 'select', ms: ms() / 50 },
    ],
    placement: {
      pool: 'gpu',
      replica: 'gpu/0',
      expectedPrefixTokens: 512,
      score: ms(),
      losers: [
        { replica: 'gpu/1', score: ms() },
        { replica: 'gpu/2', score: ms() },
      ],
      considered: 3,
      queuedMs: 0,
    },
    attempts: [
      {
        model: 'small',
        pool: 'gpu',
        replica: 'gpu/0',
        status: 'answered',
        httpStatus: 200,
        ttftMs: 40 * ms(),
        durationMs: 900 * ms(),
      },
    ],
    outcome: {
      status: 'answered',
      model: 'small',
      pool: 'gpu',
      replica: 'gpu/0',
      httpStatus: 200,
      finish: 'stop',
      usage: { promptTokens: 812, completionTokens: 231, cachedTokens: 512 },
      ttftMs: 40 * ms(),
      tpotMs: 4 * ms(),
      e2eMs: 900 * ms(),
      queuedMs: 0,
      costUsd: 0.0000412,
    },
    configVersion: '3f2a91c0',
  };
}

async function measure(ids) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const path = join(folder, 'record.db');
  const store = await openRecordStore({ path, keepForMs: 7 * 86_400_000, keepBytes: 1e9 });
  const sample = Array.from({ length: 512 }, (_, i) => made('', Date.now() + i));
  let made_ = 0;
  const nextId =
    ids === 'random'
      ? () => `req_${randomUUID().replaceAll('-', '').slice(8)}`
      : () => `req_${(1e15 + made_).toString(36)}`;
  /** Appends in bursts with a turn of the event loop between them; what making the records costs is measured apart and taken off. */
  const run = async (count, append) => {
    let appending = 0;
    for (let done = 0; done < count; ) {
      const burst = [];
      for (let i = 0; i < 32 && done < count; i++, done++) {
        burst.push({ ...sample[made_ & 511], id: nextId(), at: Date.now() });
        made_++;
      }
      const from = performance.now();
      for (const record of burst) append(record);
      appending += performance.now() - from;
      await new Promise(resolve => setImmediate(resolve));
      if (done % 8192 < 32) await store.count({ limit: 1, before: 0 });
    }
    await store.flush();
    return appending;
  };
  const timed = async append => {
    const cpu = process.cpuUsage();
    const from = performance.now();
    const appending = await run(total, append);
    return { wall: performance.now() - from, appending, ...process.cpuUsage(cpu) };
  };
  await run(WARM_UP, record => store.append(record));
  const { wall, appending, user, system } = await timed(record => store.append(record));
  const empty = await timed(() => {});
  const reference = process.cpuUsage();
  for (let i = 0; i < total; i++) JSON.stringify(sample[i & 511]);
  const stringify = process.cpuUsage(reference);
  const result = {
    ids,
    records: total,
    record_bytes: recordJson(sample[0]).length,
    records_per_s: Math.round((total / wall) * 1000),
    cpu_us_per_record: round((user + system - empty.user - empty.system) / total),
    system_us_per_record: round((system - empty.system) / total),
    append_us_per_record: round(((appending - empty.appending) * 1000) / total),
    json_stringify_us: round((stringify.user + stringify.system) / total),
    dropped: store.dropped,
    file_bytes_per_record: Math.round(statSync(path).size / (total + WARM_UP)),
  };
  await store.close();
  rmSync(folder, { recursive: true });
  return result;
}

const round = value => Math.round(value * 100) / 100;
const results = [];
for (const ids of values.ids === undefined ? ['ordered', 'random'] : [values.ids]) results.push(await measure(ids));
if (values.json) process.stdout.write(`${JSON.stringify({ record: results })}\n`);
else console.table(results);
