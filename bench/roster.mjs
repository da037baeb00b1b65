/**
 * What it costs to know what is open: requests come and go, so many open at a time, each with something that nobody needs once it has ended, in a `Set`, in a
 * `Map`, and in the roster that Weir has them in. Per request: what reached the old generation although it was done with, and time; and how often V8 had to
 * collect the old generation. Each in a process of its own; the control knows nothing of what is open.
 *
 *   node bench/roster.mjs [--json] [--requests 400000] [--open 4]
 */
import { fork } from 'node:child_process';
import { PerformanceObserver } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import v8 from 'node:v8';
import { NOWHERE, Roster } from '../dist/gateway/roster.js';
import { rounded } from './figures.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    requests: { type: 'string', default: '400000' },
    open: { type: 'string', default: '4' },
    only: { type: 'string' },
  },
});
const requests = Number(values.requests);
const open = Number(values.open);
/** Numbers that belong to a request: about 8 kB. */
const OWN = 1000;

const KEEPERS = {
  control: () => ({ add() {}, delete() {} }),
  Set: () => new Set(),
  Map: () => {
    const map = new Map();
    return { add: one => map.set(one.id, one), delete: one => map.delete(one.id) };
  },
  Roster: () => new Roster(),
};

/** Bytes in use that were promoted: all of the heap but its young generation. */
function oldBytes() {
  const young = new Set(['new_space', 'new_large_object_space']);
  const spaces = v8.getHeapSpaceStatistics().filter(({ space_name }) => !young.has(space_name));
  return spaces.reduce((sum, { space_used_size }) => sum + space_used_size, 0);
}

async function run(keeper) {
  let collections = 0;
  new PerformanceObserver(list => {
    collections += list.getEntries().filter(({ detail }) => detail.kind === 4).length;
  }).observe({ entryTypes: ['gc'] });
  const ring = new Array(open).fill(undefined);
  let promoted = 0;
  let ms = 0;
  let before = oldBytes();
  for (let at = 0; at < requests; ) {
    const from = performance.now();
    for (const end = Math.min(requests, at + 200); at < end; at++) {
      const ended = ring[at % open];
      if (ended !== undefined) keeper.delete(ended);
      const request = { id: at, rosterPlace: NOWHERE, own: Array.from({ length: OWN }, (_, i) => at + i + 0.5) };
      ring[at % open] = request;
      keeper.add(request);
    }
    ms += performance.now() - from;
    // A collection of the old generation makes it smaller: what was promoted meanwhile is not seen, and counts as nothing.
    const now = oldBytes();
    promoted += Math.max(0, now - before);
    before = now;
    await new Promise(resolve => setImmediate(resolve));
  }
  return { promoted_bytes: promoted / requests, us: (1000 * ms) / requests, old_collections: collections };
}

if (values.only !== undefined) {
  process.send(await run(KEEPERS[values.only]()));
  process.disconnect();
  process.exit(0);
}

const rows = {};
for (const name of Object.keys(KEEPERS)) {
  const args = ['--only', name, '--requests', values.requests, '--open', values.open];
  const child = fork(import.meta.filename, args, { execArgv: ['--max-semi-space-size=8'] });
  rows[name] = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', code => reject(new Error(`${name} ended with ${code}`)));
  });
}
if (values.json) console.log(JSON.stringify({ node: process.version, requests, open, rows }));
else {
  for (const [name, row] of Object.entries(rows)) {
    const { promoted_bytes, us, old_collections } = row;
    console.log(
      `${name.padEnd(8)} ${rounded(promoted_bytes)} bytes a request promoted, ${rounded(us)} µs, old generation collected ${old_collections} times`,
    );
  }
}
