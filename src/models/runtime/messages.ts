import type { ScoreKind } from '#contract/learned.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import type { Aggregation } from '#models/own/entities.js';
import type { Tag } from '#models/own/tags.js';

/** How the vectors of the tokens become one: their mean, the first, the last, or what the model gives as `sentence_embedding`. */
export type Pooling = 'mean' | 'first' | 'last' | 'model';

/** What is made of a model's output: a vector of length 1, or the scores of a classifier's labels as they are. */
export type Reading = Pooling | 'scores';

/** A model that a thread can load: the one that comes with Weir, a file, or a file that classifies tokens. */
export type ModelSpec =
  | { readonly kind: 'default'; readonly cache: string }
  | {
      readonly kind: 'onnx';
      readonly file: string;
      /** A `tokenizer.json`. */
      readonly tokenizer: string;
      readonly pooling: Reading;
      /** Put before every text. */
      readonly prefix: string;
      /** Tokens read of a text, the marks around it included. */
      readonly length: number;
      /** Leading numbers of the vector that are kept (Matryoshka models), all unless said; of scores how many there have to be. */
      readonly dimension?: number;
    }
  | {
      readonly kind: 'tokens';
      readonly file: string;
      readonly tokenizer: string;
      readonly prefix: string;
      /** Tokens of one pass, the marks around it included; a longer text takes several. */
      readonly length: number;
      /** What each label says, in the order of the scores. */
      readonly tags: readonly Tag[];
      readonly aggregation: Aggregation;
      readonly scores: ScoreKind;
      readonly temperature: number;
    };

export interface LoadedFacts {
  readonly dimension: number;
  readonly precision: string;
  readonly bytes: Bytes;
  readonly loadMs: Milliseconds;
  /** Why the precision is not the one that was wanted. */
  readonly note?: string;
}

export type ToThread =
  | { readonly kind: 'load'; readonly id: number; readonly model: string; readonly spec: ModelSpec }
  | { readonly kind: 'embed'; readonly id: number; readonly model: string; readonly texts: readonly string[] }
  | { readonly kind: 'unload'; readonly model: string };

export type FromThread =
  | { readonly kind: 'loaded'; readonly id: number; readonly facts: LoadedFacts }
  | {
      readonly kind: 'embedded';
      readonly id: number;
      /** All vectors, one after the other. */
      readonly vectors: Float32Array;
      /** Where the numbers of each text end, where not all have as many. */
      readonly ends?: readonly number[];
      readonly ms: Milliseconds;
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string; readonly hint: string | undefined };
