import type { Clock } from '#contract/clock.js';
import type { Embedder, ModelStatus } from '#contract/embedder.js';
import { WeirError } from '#contract/errors.js';
import type { LearnedSettings } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { modelFiles } from './own/model-files.js';
import { LocalEmbedder } from './runtime/local-embedder.js';
import type { ModelSpec } from './runtime/messages.js';
import { ModelThreads } from './runtime/model-threads.js';
import { RemoteEmbedder } from './runtime/remote-embedder.js';

/** The name that stands for the model that comes with Weir. */
export const DEFAULT_EMBEDDER = 'default';

/** How long a model that no configuration names any more goes on for the requests that began with it. */
const SWAP_AFTER: Milliseconds = 60_000;

type OwnEmbedder = Embedder & { readonly status: ModelStatus; close(): void };

/** The embedders of a process, and the models of classifiers, which run as they do. One that two configurations describe alike is one. */
export class Embedders {
  private readonly threads: ModelThreads;
  private readonly known = new Map<string, OwnEmbedder>();

  /** @param processors that there are for models. @param later runs its task in the next turn of the event loop. */
  constructor(
    private readonly clock: Clock,
    processors: number,
    private readonly later: (task: () => void) => void = setImmediate,
  ) {
    this.threads = new ModelThreads(processors);
  }

  /** The embedder of a name in a configuration; started when it is first used. @throws WeirError `model.unavailable`. */
  get(name: string, settings: LearnedSettings): Embedder {
    const key = embedderKey(name, settings);
    const found = this.known.get(key);
    if (found !== undefined) return found;
    const opened = this.open(name, settings);
    this.known.set(key, opened);
    return opened;
  }

  /** What runs the model of a configuration's own classifier. */
  scorer(name: string, spec: ModelSpec, settings: LearnedSettings): Embedder {
    const key = scorerKey(name, settings);
    const limits = { capacity: settings.queue, batch: settings.batch };
    const scorer =
      this.known.get(key) ??
      new LocalEmbedder(`classifier ${name}`, spec, this.threads.threadsFor(settings), this.clock, limits, this.later);
    this.known.set(key, scorer);
    return scorer;
  }

  /** The embedder of a space of vectors: heads name the one that they were trained in. @throws WeirError `model.unavailable`. */
  inSpace(space: string, settings: LearnedSettings): Embedder {
    return this.get(spaceKnown(space, settings), settings);
  }

  /** Lets go, after a while, of those that a configuration does not want. */
  keep(settings: LearnedSettings): void {
    const wanted = new Set([
      ...[DEFAULT_EMBEDDER, ...Object.keys(settings.embedders)].map(name => embedderKey(name, settings)),
      ...Object.keys(settings.classifiers).map(name => scorerKey(name, settings)),
    ]);
    for (const [key, embedder] of this.known) {
      if (wanted.has(key)) continue;
      this.known.delete(key);
      this.clock.after(SWAP_AFTER, () => embedder.close());
    }
  }

  status(): readonly ModelStatus[] {
    return [...this.known.values()].map(({ status }) => status);
  }

  async close(): Promise<void> {
    for (const embedder of this.known.values()) embedder.close();
    this.known.clear();
    await this.threads.close();
  }

  private open(name: string, settings: LearnedSettings): OwnEmbedder {
    const space = spaceOf(name, settings);
    const limits = { capacity: settings.queue, batch: settings.batch };
    if (name === DEFAULT_EMBEDDER) {
      return new LocalEmbedder(
        space,
        { kind: 'default', cache: settings.cache },
        this.threads.threadsFor(settings),
        this.clock,
        limits,
        this.later,
      );
    }
    const own = Object.hasOwn(settings.embedders, name) ? settings.embedders[name] : undefined;
    if (own === undefined) throw new WeirError('model.unavailable', `There is no embedder ${name}`);
    if (own.url !== undefined) {
      const { url, model = name, api_key: apiKey, prefix, dimension, timeout } = own;
      const remote = { url, model, apiKey, prefix, dimension, timeoutMs: timeout, capacity: settings.queue };
      return new RemoteEmbedder(space, remote, this.clock);
    }
    const { path = '', pooling, prefix, length } = own;
    const spec = {
      kind: 'onnx',
      ...modelFiles(path, settings.cache),
      pooling,
      prefix,
      length,
      ...(own.dimension !== undefined && { dimension: own.dimension }),
    } as const;
    return new LocalEmbedder(space, spec, this.threads.threadsFor(settings), this.clock, limits, this.later);
  }
}

/** The name of the embedder of a space of vectors. @throws WeirError `model.unavailable` where no embedder of the configuration has it. */
export function spaceKnown(space: string, settings: LearnedSettings): string {
  const names = [DEFAULT_EMBEDDER, ...Object.keys(settings.embedders)];
  const name = names.find(one => spaceOf(one, settings) === space);
  if (name !== undefined) return name;
  throw new WeirError('model.unavailable', `The head was trained with ${space}, which is none of the embedders here`, {
    path: 'router.learned.embedders',
  });
}

/** The name of an embedder's space of vectors: what a head says it was trained in. */
export function spaceOf(name: string, { embedders }: LearnedSettings): string {
  return name === DEFAULT_EMBEDDER || !Object.hasOwn(embedders, name) ? 'all-MiniLM-L6-v2' : name;
}

/** What tells one embedder from another: everything that was said of it. */
export function embedderKey(name: string, { embedders, cache, queue, batch, threads }: LearnedSettings): string {
  return JSON.stringify([name, embedders[name], cache, queue, batch, threads]);
}

/** As {@link embedderKey}, of a classifier's scores. */
function scorerKey(name: string, { classifiers, cache, queue, batch, threads }: LearnedSettings): string {
  return JSON.stringify(['classifier', name, classifiers[name], cache, queue, batch, threads]);
}
