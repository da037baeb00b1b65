import type { Clock } from '#contract/clock.js';
import type { Embedder, ModelStatus } from '#contract/embedder.js';
import type {
  Classifier,
  DefinedKinds,
  HeadName,
  LearnedModels,
  LearnedSettings,
  SafetyHeadName,
} from '#contract/learned.js';
import { Classifiers } from './classifiers.js';
import { DEFAULT_EMBEDDER, Embedders } from './embedders.js';
import { HeadCards, type KnownCard } from './heads/head-cards.js';
import { QuickFeatures } from './heads/quick-features.js';
import type { KnowledgeNews } from './knowledge/live-bases.js';
import { KnowledgeShelf } from './knowledge/shelf.js';
import { openStaticEmbedding } from './static/static-embedding.js';

/**
 * All local models of a process: the threads, the embedders, the heads. It outlives configurations; a model that a new one names as
 * the one before did stays loaded. Nothing is loaded before something asks for it.
 */
export class ModelHost {
  private readonly embedders: Embedders;
  private readonly cards = new HeadCards();
  private readonly shelf: KnowledgeShelf;
  private readonly classifiers: Classifiers;
  private quick: QuickFeatures | undefined | null = null;

  constructor(
    clock: Clock,
    /** Processors that there are for it: no more threads run models, whatever a configuration says. */
    processors = 1,
    /** Hears what becomes of the files of knowledge bases. */
    tell?: (news: KnowledgeNews) => void,
  ) {
    this.embedders = new Embedders(clock, processors);
    this.shelf = new KnowledgeShelf(clock, tell);
    this.classifiers = new Classifiers(this.embedders, this.shelf, () => this.fast);
  }

  /** Begins to load the model that comes with Weir, ahead of the configuration that will want it. What goes wrong is told to who asks it. */
  begin(settings: LearnedSettings): void {
    void this.embedders
      .get(DEFAULT_EMBEDDER, settings)
      .prepare()
      .catch(() => {});
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
    this.embedders.keep(settings);
    this.cards.forget();
    const { classifiers } = this;
    return {
      whenBusy: settings.when_busy,
      head: name => {
        const known = heads.get(name) ?? classifiers.head(name, settings);
        heads.set(name, known);
        return known;
      },
      safety: name => {
        const known = safety.get(name) ?? classifiers.safety(name, settings);
        safety.set(name, known);
        return known;
      },
      own: file => classifiers.file(file, settings),
      classifier: name => {
        const known = own.get(name) ?? classifiers.configured(name, settings);
        own.set(name, known);
        return known;
      },
      routes: () => {
        routed ??= classifiers.routes(settings, routes);
        return routed;
      },
      preferences: () => {
        preferred ??= classifiers.preferences(settings, preferences);
        return preferred;
      },
      knowledge: words => {
        known ??= classifiers.knowledge(settings, knowledge, words);
        return known;
      },
    };
  }

  /** The embedder of a name in a configuration; started when it is first used. @throws WeirError `model.unavailable`. */
  embedder(name: string, settings: LearnedSettings): Embedder {
    return this.embedders.get(name, settings);
  }

  /** The card of a head; why there is none, where it cannot be read. Read once a file. */
  card(name: HeadName, settings: LearnedSettings): KnownCard {
    return this.cards.of(name, settings);
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

  status(): readonly ModelStatus[] {
    return this.embedders.status();
  }

  async close(): Promise<void> {
    this.shelf.close();
    await this.embedders.close();
  }
}
