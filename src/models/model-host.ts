import { fileURLToPath } from 'node:url';
import type { Clock } from '#contract/clock.js';
import type { Embedder, ModelStatus } from '#contract/embedder.js';
import { WeirError } from '#contract/errors.js';
import type {
  Classifier,
  DefinedKinds,
  HeadName,
  KnowledgeFiles,
  LearnedModels,
  LearnedSettings,
  RouteDescriptions,
  RouteExamples,
  SafetyHeadName,
  WordIndexer,
} from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { Cascade } from './heads/cascade.js';
import { type ModelCard, readHead } from './heads/head-file.js';
import { QuickFeatures } from './heads/quick-features.js';
import { UnusableClassifier } from './heads/unusable.js';
import type { KnowledgeNews } from './knowledge/live-bases.js';
import { KnowledgeShelf } from './knowledge/shelf.js';
import { readLabels } from './own/label-file.js';
import { modelFiles } from './own/model-files.js';
import { openOwnClassifier } from './own/open-classifier.js';
import { DescribedRoutes } from './routes/described-routes.js';
import { ExampleRoutes } from './routes/example-routes.js';
import { LocalEmbedder, type Threads } from './runtime/local-embedder.js';
import type { ModelSpec } from './runtime/messages.js';
import { ModelWorker } from './runtime/model-worker.js';
import { RemoteEmbedder } from './runtime/remote-embedder.js';
import { HybridClassifier } from './safety/hybrid-classifier.js';
import { readHybrid } from './safety/hybrid-file.js';
import { openStaticEmbedding } from './static/static-embedding.js';

/** The name that stands for the model that comes with Weir. */
export const DEFAULT_EMBEDDER = 'default';

/** How long a model that no configuration names any more goes on for the requests that began with it. */
const SWAP_AFTER: Milliseconds = 60_000;

type OwnEmbedder = Embedder & { readonly status: ModelStatus; close(): void };

/** Threads that models run on where nothing is said and processors are not few. */
const USUAL_THREADS = 2;

/**
 * All local models of a process: the threads, the embedders, the heads. It outlives configurations; a model that a new one names as
 * the one before did stays loaded. Nothing is loaded before something asks for it.
 */
export class ModelHost {
  private readonly workers: ModelWorker[] = [];
  private readonly embedders = new Map<string, OwnEmbedder>();
  private readonly cards = new Map<string, { readonly card?: ModelCard; readonly trouble?: string }>();
  private readonly shelf: KnowledgeShelf;
  private quick: QuickFeatures | undefined | null = null;

  constructor(
    private readonly clock: Clock,
    /** Processors that there are for it: no more threads run models, whatever a configuration says. */
    private readonly processors = 1,
    /** Hears what becomes of the files of knowledge bases. */
    tell?: (news: KnowledgeNews) => void,
  ) {
    this.shelf = new KnowledgeShelf(clock, tell);
  }

  /** The models as a configuration wants them. Those that only earlier ones wanted are let go after a while. */
  configure(
    settings: LearnedSettings,
    { routes = {}, preferences = {}, knowledge = {} }: Partial<DefinedKinds> = {},
  ): LearnedModels {
    const heads = new Map<HeadName, Classifier>();
    const safety = new Map<SafetyHeadName, Classifier>();
    const own = new Map<string, Classifier>();
    let routed: Classifier | undefined;
    let preferred: Classifier | undefined;
    let known: Classifier | undefined;
    if (Object.keys(knowledge).length === 0) this.shelf.close();
    this.letGo(
      new Set([
        ...[DEFAULT_EMBEDDER, ...Object.keys(settings.embedders)].map(name => keyOf(name, settings)),
        ...Object.keys(settings.classifiers).map(name => scorerKeyOf(name, settings)),
      ]),
    );
    return {
      whenBusy: settings.when_busy,
      head: name => {
        const known = heads.get(name) ?? this.openHead(name, settings);
        heads.set(name, known);
        return known;
      },
      safety: name => {
        const known = safety.get(name) ?? this.openSafety(name, settings);
        safety.set(name, known);
        return known;
      },
      own: file => this.openFile(file, settings),
      classifier: name => {
        const known = own.get(name) ?? this.openClassifier(name, settings);
        own.set(name, known);
        return known;
      },
      routes: () => {
        routed ??= this.openRoutes(settings, routes);
        return routed;
      },
      preferences: () => {
        preferred ??= this.openPreferences(settings, preferences);
        return preferred;
      },
      knowledge: words => {
        known ??= this.openKnowledge(settings, knowledge, words);
        return known;
      },
    };
  }

  /** The embedder of a name in a configuration; started when it is first used. @throws WeirError `model.unavailable`. */
  embedder(name: string, settings: LearnedSettings): Embedder {
    const key = keyOf(name, settings);
    const known = this.embedders.get(key);
    if (known !== undefined) return known;
    const opened = this.openEmbedder(name, settings);
    this.embedders.set(key, opened);
    return opened;
  }

  /** The fast tier; none where its table cannot be read. */
  get fast(): QuickFeatures | undefined {
    if (this.quick === null) {
      try {
        this.quick = new QuickFeatures(openStaticEmbedding());
      } catch {
        this.quick = undefined;
      }
    }
    return this.quick;
  }

  /** The card of a head; why there is none, where it cannot be read. Read once a file. */
  card(name: HeadName, { heads }: LearnedSettings): { readonly card?: ModelCard; readonly trouble?: string } {
    const file = heads[name] ?? headFile(name);
    const known = this.cards.get(file) ?? cardIn(file);
    this.cards.set(file, known);
    return known;
  }

  status(): readonly ModelStatus[] {
    return [...this.embedders.values()].map(({ status }) => status);
  }

  async close(): Promise<void> {
    this.shelf.close();
    for (const embedder of this.embedders.values()) embedder.close();
    this.embedders.clear();
    await Promise.all(this.workers.splice(0).map(worker => worker.close()));
  }

  private openHead(name: HeadName, settings: LearnedSettings): Classifier {
    return this.openFile(settings.heads[name] ?? headFile(name), settings);
  }

  private openSafety(name: SafetyHeadName, settings: LearnedSettings): Classifier {
    try {
      const head = readHybrid(headFile(name));
      const embedder = this.embedderOf(head.model.embedder, settings);
      return new HybridClassifier(head, { embedder, patienceMs: settings.patience });
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  private openClassifier(name: string, settings: LearnedSettings): Classifier {
    const given = settings.classifiers[name];
    if (given === undefined) return new UnusableClassifier(new Error(`there is no classifier ${name}`));
    try {
      const files = modelFiles(given.path, settings.cache);
      const labels = readLabels(files.config);
      const key = scorerKeyOf(name, settings);
      const limits = { capacity: settings.queue, batch: settings.batch };
      const scorerOf = (spec: ModelSpec): Embedder => {
        const scorer =
          this.embedders.get(key) ??
          new LocalEmbedder(`classifier ${name}`, spec, this.threadsFor(settings), this.clock, limits);
        this.embedders.set(key, scorer);
        return scorer;
      };
      return openOwnClassifier(given, files, labels, scorerOf, settings.patience);
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  private openPreferences(settings: LearnedSettings, preferences: RouteDescriptions): Classifier {
    try {
      const embedder = this.embedder(settings.embedder, settings);
      const { fast } = this;
      const languages = languagesOf(embedder);
      const patienceMs = settings.patience;
      const told = Object.entries(preferences).filter(([, { examples }]) => examples.length > 0);
      const examples =
        told.length === 0
          ? undefined
          : new ExampleRoutes(Object.fromEntries(told.map(([name, { examples: texts }]) => [name, texts])), {
              embedder,
              fast,
              patienceMs,
              languages,
            });
      const gist = (text: string): string => fast?.gist(text) ?? text;
      return new DescribedRoutes(preferences, { embedder, examples, gist, patienceMs, languages });
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  private openKnowledge(settings: LearnedSettings, files: KnowledgeFiles, words: WordIndexer): Classifier {
    try {
      const embedder = this.embedder(settings.embedder, settings);
      const { fast } = this;
      const gist = (text: string): string => fast?.gist(text) ?? text;
      const patienceMs = settings.patience;
      const ports = { embedder, words, gist, patienceMs, languages: languagesOf(embedder) };
      return this.shelf.open(files, `${keyOf(settings.embedder, settings)} ${patienceMs}`, ports);
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  private openRoutes(settings: LearnedSettings, examples: RouteExamples): Classifier {
    if (settings.routes !== undefined) return this.openFile(settings.routes, settings);
    try {
      const embedder = this.embedder(settings.embedder, settings);
      return new ExampleRoutes(examples, {
        embedder,
        fast: this.fast,
        patienceMs: settings.patience,
        languages: languagesOf(embedder),
      });
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  /** A classifier out of a head's file; one that is always unsure when it cannot be read. */
  openFile(file: string, settings: LearnedSettings): Classifier {
    try {
      const head = readHead(file);
      const embedder = this.embedderOf(head.model.embedder, settings);
      return new Cascade(head, {
        embedder,
        fast: this.fast,
        patienceMs: settings.patience,
        languages: languagesOf(embedder),
      });
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  /** Heads name the space that they were trained in. */
  private embedderOf(space: string, settings: LearnedSettings): Embedder {
    for (const name of [DEFAULT_EMBEDDER, ...Object.keys(settings.embedders)]) {
      if (spaceOf(name, settings) === space) return this.embedder(name, settings);
    }
    throw new WeirError(
      'model.unavailable',
      `The head was trained with ${space}, which is none of the embedders here`,
      {
        path: 'router.learned.embedders',
      },
    );
  }

  private openEmbedder(name: string, settings: LearnedSettings): OwnEmbedder {
    const space = spaceOf(name, settings);
    const limits = { capacity: settings.queue, batch: settings.batch };
    if (name === DEFAULT_EMBEDDER) {
      return new LocalEmbedder(
        space,
        { kind: 'default', cache: settings.cache },
        this.threadsFor(settings),
        this.clock,
        limits,
      );
    }
    const own = settings.embedders[name];
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
    return new LocalEmbedder(space, spec, this.threadsFor(settings), this.clock, limits);
  }

  private threadsFor(settings: LearnedSettings): Threads {
    const { processors } = this;
    // One processor is left to requests: a second thread beside them makes the event loop late.
    const wanted = settings.threads ?? Math.min(USUAL_THREADS, processors - 1);
    const count = Math.max(1, Math.min(wanted, processors));
    return { all: () => this.firstThreads(count) };
  }

  private firstThreads(count: number): readonly ModelWorker[] {
    for (let at = 0; at < count; at++) {
      if (this.workers[at]?.dead !== false) this.workers[at] = new ModelWorker();
    }
    return this.workers.slice(0, count);
  }

  private letGo(wanted: ReadonlySet<string>): void {
    for (const [key, embedder] of this.embedders) {
      if (wanted.has(key)) continue;
      this.embedders.delete(key);
      this.clock.after(SWAP_AFTER, () => embedder.close());
    }
  }
}

function cardIn(file: string): { readonly card?: ModelCard; readonly trouble?: string } {
  try {
    const { card } = readHead(file);
    return card === undefined ? {} : { card };
  } catch (error) {
    return { trouble: error instanceof Error ? error.message : String(error) };
  }
}

/** The head that comes with Weir. */
export function headFile(name: string): string {
  return fileURLToPath(new URL(`../../assets/heads/${name}.json`, import.meta.url));
}

/** The name of an embedder's space of vectors: what a head says it was trained in. */
function spaceOf(name: string, { embedders }: LearnedSettings): string {
  return name === DEFAULT_EMBEDDER || embedders[name] === undefined ? 'all-MiniLM-L6-v2' : name;
}

/** What comes with Weir knows English; of a user's own embedder nothing is presumed. */
function languagesOf({ name }: Embedder): readonly string[] | undefined {
  return name === 'all-MiniLM-L6-v2' ? ['en'] : undefined;
}

/** What tells one embedder from another: everything that was said of it. */
function keyOf(name: string, { embedders, cache, queue, batch, threads }: LearnedSettings): string {
  return JSON.stringify([name, embedders[name], cache, queue, batch, threads]);
}

/** As {@link keyOf}, of a classifier's scores. */
function scorerKeyOf(name: string, { classifiers, cache, queue, batch, threads }: LearnedSettings): string {
  return JSON.stringify(['classifier', name, classifiers[name], cache, queue, batch, threads]);
}
