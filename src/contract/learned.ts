import type { Deadline } from './deadline.js';
import type { InferenceRequest } from './request.js';

/** What is done when the model has more to do than it can: answer by the fast tier, say *unknown*, or wait for a place. */
export type WhenBusy = 'fast' | 'unknown' | 'wait';

/** What a verdict is by: the `fast` tier that was sure, the `model`, or what stood in for a model that was `busy` or not there. */
export type LearnedTier = 'fast' | 'model' | 'busy';

export interface ClassifyOptions {
  readonly whenBusy: WhenBusy;
  /** Until when the verdict is waited for. */
  readonly deadline?: Deadline | undefined;
  /** The request that the text is of: what was made of it on behalf of the same one may be taken again. */
  readonly of?: InferenceRequest | undefined;
}

/** What a classifier makes of a text. */
export interface Verdict {
  /** Calibrated probabilities in the order of the classifier's labels; of routes they need not sum to 1, the rest being none of them. */
  readonly probabilities: Float32Array;
  /** Place of the likeliest label. */
  readonly best: number;
  /** False when the classifier will not say: nothing is likely enough, nothing was to be read, or no model could be asked. */
  readonly sure: boolean;
  readonly tier: LearnedTier;
  /** Why it could not be computed, where it could not. */
  readonly reason?: string;
  /** Whether that is because the model is still being loaded: it answers itself when it is asked again. */
  readonly loading?: true;
  /** The example that the text is most like, where the classifier has examples. */
  readonly nearest?: NearestExample;
  /** The words that a rule went by, where a rule told it. */
  readonly words?: string;
  /** Places in the text that made it so, where the classifier finds such. */
  readonly spans?: readonly Span[];
  /** Set where not all of the text was read: what was not found may stand in the rest. */
  readonly partial?: true;
}

/** A place in a text: `text.slice(start, end)`. */
export interface Span {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

export interface NearestExample {
  readonly text: string;
  readonly label: string;
  /** Cosine of the angle between the two vectors. */
  readonly likeness: number;
}

/** Says which of its labels a text has. */
export interface Classifier {
  readonly labels: readonly string[];
  /** Codes of the languages that it knows; absent where it knows any. */
  readonly languages?: readonly string[] | undefined;
  /** The label that says that there is nothing of what is looked for, where one does. */
  readonly neutral?: string | undefined;
  /** Set where it finds entities: its labels are their types, and the spans of its verdicts all that were found. */
  readonly entities?: true | undefined;
  /** Loads what it needs. Never rejects: what could not be loaded shows in the verdicts, with the reason. */
  prepare(): Promise<void>;
  /** A promise only when the model has to be asked. Never throws or rejects for what a text contains. */
  classify(text: string, options: ClassifyOptions): Verdict | Promise<Verdict>;
}

/** The trained heads there are. */
export const HEADS = ['domain', 'complexity', 'factual', 'feedback', 'modality'] as const;

export type HeadName = (typeof HEADS)[number];

/** The heads of the safety levels: L1 tells whether, L2 (`hazard`) what kind. */
export const SAFETY_HEADS = ['jailbreak', 'injection', 'unsafe', 'hazard'] as const;

export type SafetyHeadName = (typeof SAFETY_HEADS)[number];

/** Texts that belong to each of the routes of a configuration, by the route's name. */
export type RouteExamples = Readonly<Record<string, readonly string[]>>;

/** Routes that are described in words, with examples where there are some, by the route's name. */
export type RouteDescriptions = Readonly<
  Record<string, { readonly description: string; readonly examples: readonly string[] }>
>;

/** The files and folders of each knowledge base of a configuration, by the base's name. */
export type KnowledgeFiles = Readonly<Record<string, { readonly files: readonly string[] }>>;

/** What a configuration defines for its signals to ask for by name. */
export interface DefinedKinds {
  readonly routes: RouteExamples;
  readonly preferences: RouteDescriptions;
  readonly knowledge: KnowledgeFiles;
}

/** A collection of texts, told by their words. */
export interface WordIndex {
  /** How much of what a text asks for stands in each text of the collection, from 0 to 1. */
  scores(text: string): Float64Array;
}

export type WordIndexer = (texts: readonly string[]) => WordIndex;

/** The small local models, as the router's signals see them. */
export interface LearnedModels {
  head(name: HeadName): Classifier;
  safety(name: SafetyHeadName): Classifier;
  /** A head of the operator's own, by its file. */
  own(file: string): Classifier;
  /** A model of the operator's own, by its name under `router.learned.classifiers`. */
  classifier(name: string): Classifier;
  /** One classifier over all routes of the configuration. */
  routes(): Classifier;
  /** One classifier over all preferences of the configuration. */
  preferences(): Classifier;
  /** One classifier over all knowledge bases of the configuration. @param words makes the index of their words. */
  knowledge(words: WordIndexer): Classifier;
  /** What is done when the model is busy, unless a signal says otherwise. */
  readonly whenBusy: WhenBusy;
}

/** What the models need to know of a configuration. */
/** Where local models are kept unless said. */
export const USUAL_CACHE = '.weir/models';

export interface LearnedSettings {
  /** Folder that the default model is converted into, and models of the hub are pulled into. */
  readonly cache: string;
  readonly queue: number;
  readonly batch: number;
  /** Threads that models run on; as many as suit the processors unless said. */
  readonly threads?: number | undefined;
  /** The longest that a text waits to be begun before it counts as busy. */
  readonly patience: number;
  readonly when_busy: WhenBusy;
  readonly embedders: Readonly<Record<string, EmbedderSettings>>;
  readonly classifiers: Readonly<Record<string, ClassifierSettings>>;
  /** Files of heads that take the place of those that come with Weir. */
  readonly heads: Readonly<Partial<Record<HeadName, string>>>;
  /** The embedder that examples of routes are compared by: one of `embedders`, or `default`. */
  readonly embedder: string;
  /** A head of `weir train routes`, in the place of examples. */
  readonly routes?: string | undefined;
}

/** A user's own embedder: an ONNX file, or a server that speaks OpenAI's `/v1/embeddings`. */
export interface EmbedderSettings {
  readonly path?: string | undefined;
  readonly url?: string | undefined;
  readonly model?: string | undefined;
  readonly api_key?: string | undefined;
  readonly pooling: 'mean' | 'first' | 'last' | 'model';
  readonly prefix: string;
  readonly length: number;
  readonly dimension?: number | undefined;
  readonly timeout: number;
}

/** What a classifier classifies: whole texts, or the tokens of which entities are made. */
export type ClassifierTask = 'text' | 'entities';

/** A user's own classifier of whole texts or of tokens: an ONNX file with its `config.json` and `tokenizer.json`. */
export interface ClassifierSettings {
  readonly path: string;
  /** As the model's `config.json` says unless said. */
  readonly task?: ClassifierTask | undefined;
  readonly prefix: string;
  readonly length: number;
  readonly windows?: number | undefined;
  /** Of entities: how the tokens of a word agree on one label. */
  readonly aggregation?: 'simple' | 'first' | 'average' | 'max' | undefined;
  readonly scores?: ScoreKind | undefined;
  readonly temperature: number;
  readonly threshold: number;
  readonly neutral?: string | undefined;
  readonly languages?: readonly string[] | undefined;
  readonly check: readonly { readonly text: string; readonly label: string }[];
}

/** What a model's scores are: of labels that exclude one another, or of each label for itself. */
export type ScoreKind = 'softmax' | 'sigmoid';

const NOTHING_LEARNED = 'no local models here';

const UNKNOWING: Classifier = {
  labels: [],
  prepare: () => Promise.resolve(),
  classify: () => ({
    probabilities: new Float32Array(0),
    best: -1,
    sure: false,
    tier: 'busy',
    reason: NOTHING_LEARNED,
  }),
};

/** Stands in where there are no models: every verdict is unsure. */
export const NO_MODELS: LearnedModels = {
  head: () => UNKNOWING,
  safety: () => UNKNOWING,
  own: () => UNKNOWING,
  classifier: () => UNKNOWING,
  routes: () => UNKNOWING,
  preferences: () => UNKNOWING,
  knowledge: () => UNKNOWING,
  whenBusy: 'unknown',
};
