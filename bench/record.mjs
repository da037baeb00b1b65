/**
 * What a decision record costs: records per second that reach the disk, and CPU time per record over both threads. Beside it,
 * for machines that are slow or shared, what `JSON.stringify` of the record alone costs in the same run.
 * `--scorers 0` is the control without what the scores of a placement are made of, by three scorers otherwise.
 *
 *   node bench/record.mjs [--json] [--records 60000] [--ids random|ordered] [--scorers 0]
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openRecordStore } from '../dist/store/record-store.js';
import { madeRecord } from './made-record.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    records: { type: 'string', default: '60000' },
    ids: { type: 'string' },
    scorers: { type: 'string', default: '3' },
  },
});
const total = Number(values.records);
const scorers = Number(values.scorers);
const WARM_UP = 10_000;

async function measure(ids) {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const path = join(folder, 'record.db');
  const store = await openRecordStore({ path, keepForMs: 7 * 86_400_000, keepBytes: 1e9 });
  const sample = Array.from({ length: 32 }, (_, i) => madeRecord('', Date.now() + i, scorers));
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
        burst.push(madeRecord(nextId(), Date.now(), scorers));
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
  for (let i = 0; i < total; i++) JSON.stringify(sample[i & 31]);
  const stringify = process.cpuUsage(reference);
  const result = {
    ids,
    records: total,
    json_bytes: JSON.stringify(sample[0]).length,
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
