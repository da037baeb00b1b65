import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchFile } from '#cli/serving.js';
import { createLogger } from '#telemetry/log.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-serving-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (replica: string) =>
  `pool: { models: { m: { context: 8k } }, pools: { a: { model: m, replicas: ["http://127.0.0.1:${replica}"] } } }\n`;

it('a file that is valid and cannot be put in force is counted as one that was not', async () => {
  const file = join(folder, 'weir.yaml');
  writeFileSync(file, text('1'));
  const told: boolean[] = [];
  const log = createLogger({ level: 'silent', format: 'json', stream: process.stderr });
  let fails = true;
  const watcher = await watchFile(file, {}, log, {
    text: text('1'),
    reloaded: applied => told.push(applied),
    apply: () => (fails ? Promise.reject(new Error('no engine for it')) : Promise.resolve(true)),
  });
  writeFileSync(file, text('2'));
  await watcher.reload();
  await expect.poll(() => told).toEqual([false]);
  fails = false;
  writeFileSync(file, text('3'));
  await watcher.reload();
  await expect.poll(() => told.at(-1)).toBe(true);
  await watcher.close();
});
