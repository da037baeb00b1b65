import { z } from 'zod';
import { HEADS, USUAL_CACHE } from '#contract/learned.js';
import { duration, identifier } from '#contract/schema.js';
import { LANGUAGES } from './signals/language-codes.js';

const MAX_EMBEDDERS = 8;
const path = z.string().min(1).max(4096);

const embedder = z
  .strictObject({
    path: path
      .optional()
      .describe(
        'An ONNX model, or a folder as Transformers.js lays it out (`tokenizer.json`, and `onnx/model_quantized.onnx` or `onnx/model.onnx`). Where nothing is there: the id of a model of the hub that `weir models pull` has fetched, `owner/name` or `owner/name@revision`.',
      ),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('A server’s `/v1/embeddings` instead, the whole URL.'),
    model: z
      .string()
      .max(256)
      .optional()
      .describe('The model’s name at that server; the embedder’s own name unless said.'),
    api_key: z.string().optional().describe('Sent to that server as a bearer token.'),
    pooling: z
      .enum(['mean', 'first', 'last', 'model'])
      .default('mean')
      .describe('How the tokens’ vectors become one. A model that gives `sentence_embedding` has done it already.'),
    prefix: z.string().max(256).default('').describe('Put before every text, as some models want: `query: `.'),
    length: z.int().min(8).max(8192).default(256).describe('Tokens read of a text; of a longer one beginning and end.'),
    dimension: z
      .int()
      .min(8)
      .max(8192)
      .optional()
      .describe('Leading numbers of the vector that are kept; all unless said.'),
    timeout: duration.prefault('2s').describe('How long a server may take.'),
  })
  .refine(({ path: file, url }) => (file === undefined) !== (url === undefined), {
    message: 'exactly one of path, url',
  });

const MAX_CLASSIFIERS = 8;
const language = z.enum(LANGUAGES as [string, ...string[]]);
const label = z.string().min(1).max(128);

const classifier = z.strictObject({
  path: path.describe(
    'An ONNX model with `config.json` and `tokenizer.json` beside it, or a folder as Transformers.js lays it out; or the id of a model of the hub, as an embedder’s. Labels are those of `id2label`.',
  ),
  task: z
    .enum(['text', 'entities'])
    .optional()
    .describe(
      'What the model classifies: whole texts, or tokens, of which entities are made (names, places, whatever its labels say). As `architectures` in `config.json` says unless said.',
    ),
  prefix: z.string().max(256).default('').describe('Put before every text.'),
  length: z.int().min(8).max(8192).default(256).describe('Tokens that one pass reads.'),
  windows: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe(
      'Windows of a longer text that are read, each of twice as many characters as `length` has tokens, overlapping by a quarter; the likeliest counts. 1 unless said, with which the beginning and the end are read; of entities 64.',
    ),
  aggregation: z
    .enum(['simple', 'first', 'average', 'max'])
    .optional()
    .describe(
      'Of entities: how the tokens of a word agree on its label. By the `first`, which is what most models are trained on, unless said; by the `average` of their probabilities; by the surest (`max`); or each token by itself (`simple`).',
    ),
  scores: z
    .enum(['softmax', 'sigmoid'])
    .optional()
    .describe(
      'Whether labels exclude one another (`softmax`) or each stands for itself (`sigmoid`); as `problem_type` in `config.json` says unless said.',
    ),
  temperature: z
    .number()
    .min(0.05)
    .max(20)
    .default(1)
    .describe('What scores are divided by before they become probabilities: more than 1 where the model is too sure.'),
  threshold: z.number().min(0).max(1).default(0.5).describe('Below this probability no label is said, and no entity.'),
  neutral: label
    .optional()
    .describe(
      'The label that says that nothing was found, such as `safe`. Of windows, all have to say it. Of entities it is the label of tokens outside of them, `O` unless said.',
    ),
  languages: z
    .array(language)
    .min(1)
    .max(LANGUAGES.length)
    .optional()
    .describe('The languages that it knows; of texts in others it says nothing. Any unless said.'),
  check: z
    .array(
      z.strictObject({
        text: z.string().min(1).max(2048).describe('A text.'),
        label: label.describe(
          'The label that it has to have as its likeliest; of entities, the type of one that it has to hold, or the neutral label where it holds none.',
        ),
      }),
    )
    .max(16)
    .default([])
    .describe(
      'Texts whose label is known. Where one comes out otherwise once the model is loaded, nothing is said by it.',
    ),
});

/** The `router.learned:` block: the small local models that signals ask. Nothing of it is loaded unless a signal needs it. */
export const learnedSchema = z.strictObject({
  cache: path
    .default(USUAL_CACHE)
    .describe(
      'Folder that the model that comes with Weir is converted into, once, and that `weir models pull` fetches models of the hub into.',
    ),
  queue: z.int().min(1).max(65_536).default(256).describe('Texts that may wait for a model.'),
  batch: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('Texts that go through a model together when they wait together.'),
  threads: z
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe(
      'Threads that models run on, at most one for each processor; two unless said, or one where there are no more than two processors. Each has its own working memory, about 60 MB for the model that comes with Weir.',
    ),
  patience: duration
    .prefault('50ms')
    .describe('The longest that a text waits to be begun; when it would be longer, the model counts as busy.'),
  when_busy: z
    .enum(['fast', 'unknown', 'wait'])
    .default('fast')
    .describe(
      'What a signal does when its model is busy: take the fast tier’s word although it is less sure, be unknown, or wait until its deadline. A signal may say otherwise.',
    ),
  embedder: identifier
    .default('default')
    .describe('The embedder that the examples of `router.routes` are compared by: one of `embedders`, or `default`.'),
  routes: path
    .optional()
    .describe('A head of `weir train routes` that `route` signals ask, in the place of `router.routes`.'),
  embedders: z
    .record(identifier, embedder)
    .refine(all => Object.keys(all).length <= MAX_EMBEDDERS && !('default' in all), {
      message: `at most ${MAX_EMBEDDERS} embedders, none of them named default`,
    })
    .prefault({})
    .describe('Your own embedders, by the name that heads trained with them carry.'),
  classifiers: z
    .record(identifier, classifier)
    .refine(all => Object.keys(all).length <= MAX_CLASSIFIERS, { message: `at most ${MAX_CLASSIFIERS} classifiers` })
    .prefault({})
    .describe('Your own classifiers, by the names that `classifier` signals and `safety.child_safety` use.'),
  heads: z
    .strictObject(
      Object.fromEntries(
        HEADS.map(name => [
          name,
          path.optional().describe(`A head in the place of the ${name} head that comes with Weir.`),
        ]),
      ),
    )
    .prefault({})
    .describe('Files of `weir train` that take the place of heads that come with Weir.'),
});
