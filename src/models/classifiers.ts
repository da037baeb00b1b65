import type { Embedder } from '#contract/embedder.js';
import type {
  Classifier,
  HeadName,
  KnowledgeFiles,
  LearnedSettings,
  RouteDescriptions,
  RouteExamples,
  SafetyHeadName,
  WordIndexer,
} from '#contract/learned.js';
import { type Embedders, embedderKey } from './embedders.js';
import { Cascade } from './heads/cascade.js';
import { headFile } from './heads/head-cards.js';
import { type Head, readHead, readHeadOf } from './heads/head-file.js';
import type { QuickFeatures } from './heads/quick-features.js';
import { UnusableClassifier } from './heads/unusable.js';
import type { KnowledgeShelf } from './knowledge/shelf.js';
import { readLabels } from './own/label-file.js';
import { modelFiles } from './own/model-files.js';
import { openOwnClassifier } from './own/open-classifier.js';
import { DescribedRoutes } from './routes/described-routes.js';
import { LastRoutes } from './routes/last-routes.js';
import type { ModelSpec } from './runtime/messages.js';
import { HybridClassifier } from './safety/hybrid-classifier.js';
import { readHybrid } from './safety/hybrid-file.js';

/** Opens classifiers as a configuration has them. One that cannot be opened is one that is always unsure, and says why. */
export class Classifiers {
  private readonly routed = new LastRoutes();
  private readonly preferred = new LastRoutes();

  constructor(
    private readonly embedders: Embedders,
    private readonly shelf: KnowledgeShelf,
    /** The fast tier; none where its table cannot be read. */
    private readonly fast: () => QuickFeatures | undefined,
  ) {}

  /** A head that Weir asks by name: its own, or the one that a configuration has in its place. */
  head(name: HeadName, settings: LearnedSettings): Classifier {
    return this.opened(() => readHeadOf(settings.heads[name] ?? headFile(name), name), settings);
  }

  /** A head of the safety levels. */
  safety(name: SafetyHeadName, settings: LearnedSettings): Classifier {
    try {
      const head = readHybrid(headFile(name));
      const embedder = this.embedders.inSpace(head.model.embedder, settings);
      return new HybridClassifier(head, { embedder, patienceMs: settings.patience });
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  /** A classifier that a configuration brings. */
  configured(name: string, settings: LearnedSettings): Classifier {
    const given = Object.hasOwn(settings.classifiers, name) ? settings.classifiers[name] : undefined;
    if (given === undefined) return new UnusableClassifier(new Error(`there is no classifier ${name}`));
    try {
      const files = modelFiles(given.path, settings.cache);
      const labels = readLabels(files.config);
      const scorerOf = (spec: ModelSpec): Embedder => this.embedders.scorer(name, spec, settings);
      return openOwnClassifier(given, files, labels, scorerOf, settings.patience);
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  /** Routes by what is said of them. */
  preferences(settings: LearnedSettings, preferences: RouteDescriptions): Classifier {
    try {
      const { fast, ...ports } = this.ports(this.embedders.get(settings.embedder, settings), settings);
      const told = Object.entries(preferences).flatMap(([name, { examples: texts }]) =>
        texts.length > 0 ? [[name, texts] as const] : [],
      );
      const examples = told.length === 0 ? undefined : this.preferred.of(Object.fromEntries(told), { fast, ...ports });
      const gist = (text: string): string => fast?.gist(text) ?? text;
      return new DescribedRoutes(preferences, { ...ports, examples, gist });
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  /** Texts that answers may be found in. */
  knowledge(settings: LearnedSettings, files: KnowledgeFiles, words: WordIndexer): Classifier {
    try {
      const { fast, ...ports } = this.ports(this.embedders.get(settings.embedder, settings), settings);
      const gist = (text: string): string => fast?.gist(text) ?? text;
      const key = `${embedderKey(settings.embedder, settings)} ${ports.patienceMs}`;
      return this.shelf.open(files, key, { ...ports, words, gist });
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  /** Routes by examples, or by a head that was trained of some. */
  routes(settings: LearnedSettings, examples: RouteExamples): Classifier {
    const { routes: trained } = settings;
    if (trained !== undefined) return this.opened(() => readHeadOf(trained, 'routes'), settings);
    try {
      const ports = this.ports(this.embedders.get(settings.embedder, settings), settings);
      return this.routed.of(examples, ports);
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  /** A classifier out of a head's file; one that is always unsure when it cannot be read. */
  file(file: string, settings: LearnedSettings): Classifier {
    return this.opened(() => readHead(file), settings);
  }

  private opened(read: () => Head, settings: LearnedSettings): Classifier {
    try {
      const head = read();
      return new Cascade(head, this.ports(this.embedders.inSpace(head.model.embedder, settings), settings));
    } catch (error) {
      return new UnusableClassifier(error);
    }
  }

  /** What every classifier over vectors stands on. */
  private ports(embedder: Embedder, { patience }: LearnedSettings) {
    return { embedder, fast: this.fast(), patienceMs: patience, languages: languagesOf(embedder.name) };
  }
}

/** The languages that heads over a space of vectors know: what comes with Weir knows English; of a user's own embedder nothing is presumed. */
export function languagesOf(space: string): readonly string[] | undefined {
  return space === 'all-MiniLM-L6-v2' ? ['en'] : undefined;
}
