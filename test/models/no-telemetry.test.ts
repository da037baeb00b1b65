import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ModelSpec } from '#models/runtime/messages.js';
import { writeWordVectors } from './own/word-model.js';

const LOAD = `
  const { ModelWorker } = await import('#models/runtime/model-worker.js');
  const worker = new ModelWorker();
  await worker.load('words', JSON.parse(process.argv[1]));
  await worker.embed('words', ['red']);
  await worker.close();`;
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'weir-home-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

/** Whether a process that has run a model has left something to be sent in its user's home. */
async function leavesTraces(choice?: string): Promise<boolean> {
  const path = writeWordVectors(join(home, 'words'), { red: [1, 0] });
  const spec: ModelSpec = {
    kind: 'onnx',
    file: join(path, 'onnx/model.onnx'),
    tokenizer: join(path, 'tokenizer.json'),
    pooling: 'mean',
    prefix: '',
    length: 8,
  };
  // It tells nothing where it takes itself to be in continuous integration.
  const { ORT_DISABLE_TELEMETRY: _, CI: __, ...env } = process.env;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', LOAD, JSON.stringify(spec)], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...env, HOME: home, XDG_CACHE_HOME: '', ...(choice !== undefined && { ORT_DISABLE_TELEMETRY: choice }) },
  });
  return existsSync(join(home, '.cache')) || existsSync(join(home, 'Library'));
}

test('onnxruntime has nothing to tell its makers, unless whoever runs it wants that', async () => {
  expect(await leavesTraces()).toBe(false);
  // That it would leave something is what makes the line above mean anything.
  expect(await leavesTraces('0')).toBe(true);
});
