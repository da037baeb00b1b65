import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Clock } from '#contract/clock.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { Progress } from '#models/hub/fetch-file.js';
import { HubCache } from '#models/hub/hub-cache.js';
import { HubClient } from '#models/hub/hub-client.js';
import { parseHubId } from '#models/hub/hub-id.js';
import type { Manifest } from '#models/hub/manifest.js';
import type { LockOwner } from '#models/hub/pull-lock.js';
import { pullModel } from '#models/hub/pull-model.js';
import {
  COMMIT,
  type Fault,
  type HubPlan,
  type LoopbackHub,
  type Seen,
  sha256,
  startLoopbackHub,
} from './loopback-hub.js';

export const ID = 'acme/tiny';
/** Larger than what a socket takes at once, so that it can break off in the middle. */
export const MODEL = Buffer.alloc(300_000, 'The weights of a model. ');
export const PLAN: HubPlan = {
  id: ID,
  files: {
    'README.md': Buffer.from('# Tiny'),
    'config.json': Buffer.from('{"id2label":{"0":"a","1":"b"}}'),
    'tokenizer.json': Buffer.from('{"model":{}}'),
    'tokenizer_config.json': Buffer.from('{"pad_token":"[PAD]"}'),
    'onnx/model.onnx': Buffer.alloc(400_000, 'more'),
    'onnx/model_quantized.onnx': MODEL,
  },
  large: ['onnx/model.onnx', 'onnx/model_quantized.onnx'],
};
export const MODEL_FILE = 'onnx/model_quantized.onnx';

/** A hub that does something wrong with the model. */
export function fault(given: Fault): HubPlan {
  return { ...PLAN, faults: { [MODEL_FILE]: given } };
}

export interface Ask {
  readonly id?: string;
  readonly token?: string;
  readonly file?: string;
  readonly maxSize?: number;
  readonly clock?: Clock;
  readonly progress?: Progress;
  readonly waiting?: (owner: LockOwner | undefined) => void;
}

/** A hub and an empty cache. */
export class PullRun {
  readonly root = mkdtempSync(join(tmpdir(), 'weir-pull-'));
  readonly cache = new HubCache(this.root);

  private constructor(readonly hub: LoopbackHub) {}

  static async start(): Promise<PullRun> {
    return new PullRun(await startLoopbackHub(PLAN));
  }

  /** Where the files are kept. */
  get folder(): string {
    return this.cache.folder(parseHubId(ID)!, COMMIT);
  }

  partOf(file: string): string {
    return join(this.folder, `${file}.part`);
  }

  /**
   * What a file holds, by its hash: comparing large buffers byte by byte holds up the loop that client and server share, on a busy
   * machine until connections between them time out.
   */
  contentOf(file: string): string {
    return sha256(readFileSync(join(this.folder, file)));
  }

  asked(text: string): readonly Seen[] {
    return this.hub.seen.filter(({ url }) => url.includes(text));
  }

  pull({
    id = ID,
    token,
    file,
    maxSize = 2e9,
    clock = machineClock,
    waiting = () => {},
    ...more
  }: Ask = {}): Promise<Manifest> {
    const hub = new HubClient({ endpoint: this.hub.endpoint, token });
    const progress = more.progress ?? (() => this.hub.arrived());
    return pullModel(parseHubId(id)!, { hub, cache: this.cache, file, maxSize, progress, clock, waiting });
  }

  async close(): Promise<void> {
    await this.hub.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** What an error has to be like. */
export function failing(code: string, message = ''): object {
  return expect.objectContaining({ code, message: expect.stringContaining(message) });
}
