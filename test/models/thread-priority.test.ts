import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { ModelWorker } from '#models/runtime/model-worker.js';
import { NICEST, STANDS_BACK } from '#models/runtime/thread-priority.js';

let worker: ModelWorker | undefined;

afterEach(async () => {
  await worker?.close();
});

/** How nice each thread of this process is: the nineteenth field of its line, the seventeenth after its name (proc(5)). */
function niceness(): Map<string, number> {
  const threads = readdirSync('/proc/self/task').map(id => {
    const line = readFileSync(`/proc/self/task/${id}/stat`, 'utf8');
    return [id, Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[16])] as const;
  });
  return new Map(threads);
}

test.skipIf(process.platform !== 'linux')('a thread of models stands back, and no other thread with it', async () => {
  const before = niceness();
  worker = new ModelWorker();
  // It has to be up before its priority can be read, and what it says of a model that is not there shows that it is.
  const spec = {
    kind: 'onnx',
    file: 'none.onnx',
    tokenizer: 'none.json',
    pooling: 'mean',
    prefix: '',
    length: 8,
  } as const;
  await expect(worker.load('none', spec)).rejects.toMatchObject({ code: 'model.unavailable' });
  const after = niceness();
  const usual = before.get(`${process.pid}`)!;
  expect(after.get(`${process.pid}`)).toBe(usual);
  const standing = [...after].filter(([id, nice]) => nice === Math.min(NICEST, usual + STANDS_BACK) && !before.has(id));
  expect(standing).toHaveLength(1);
  for (const [id, nice] of before) if (after.has(id)) expect(after.get(id)).toBe(nice);
});
