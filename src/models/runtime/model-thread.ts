import { parentPort } from 'node:worker_threads';
import { isWeirError } from '#contract/errors.js';
import type { FromThread, ToThread } from './messages.js';
import { TextModel } from './text-model.js';
import { standBack } from './thread-priority.js';
import { TokenModel } from './token-model.js';

/** Runs models in a thread of its own: onnxruntime blocks the thread that calls it. */
const models = new Map<string, TextModel | TokenModel>();

async function handle(message: ToThread): Promise<void> {
  switch (message.kind) {
    case 'load':
      return load(message).finally(begun);
    case 'embed':
      return embed(message);
    default: {
      const { model } = message;
      const unloaded = models.get(model);
      models.delete(model);
      await unloaded?.close();
    }
  }
}

let first = true;

/** Only what comes after the first model stands back: a start waits for that one, however busy the machine is. */
function begun(): void {
  if (first) standBack();
  first = false;
}

async function load({ id, model, spec }: ToThread & { kind: 'load' }): Promise<void> {
  const begun = performance.now();
  const opened = spec.kind === 'tokens' ? await TokenModel.open(spec) : await TextModel.open(spec);
  const before = models.get(model);
  models.set(model, opened);
  await before?.close();
  const { dimension, precision, bytes, note } = opened;
  const loadMs = performance.now() - begun;
  post({ kind: 'loaded', id, facts: { dimension, precision, bytes, loadMs, ...(note !== undefined && { note }) } });
}

async function embed({ id, model, texts }: ToThread & { kind: 'embed' }): Promise<void> {
  const begun = performance.now();
  const loaded = models.get(model);
  if (loaded === undefined) throw new Error(`the model ${model} is not loaded`);
  const told = await loaded.embed(texts);
  const { values: vectors, ...ends } = 'ends' in told ? told : { values: told };
  post({ kind: 'embedded', id, vectors, ...ends, ms: performance.now() - begun }, [vectors.buffer]);
}

function post(message: FromThread, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

// One after the other: two runs at once would only slow each other down.
let turn: Promise<void> = Promise.resolve();

parentPort?.on('message', (message: ToThread) => {
  turn = turn
    .then(() => handle(message))
    .catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      if (message.kind !== 'unload') {
        post({ kind: 'failed', id: message.id, message: text, hint: isWeirError(error) ? error.hint : undefined });
      }
    });
});
