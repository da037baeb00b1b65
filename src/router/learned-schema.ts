import { z } from 'zod';
import { HEADS } from '#contract/learned.js';
import { duration, identifier } from '#contract/schema.js';

const MAX_EMBEDDERS = 8;
const path = z.string().min(1).max(4096);

const embedder = z
  .strictObject({
    path: path
      .optional()
      .describe(
        'An ONNX model, or a folder as Transformers.js lays it out (`tokenizer.json`, and `onnx/model_quantized.onnx` or `onnx/model.onnx`).',
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

/** The `router.learned:` block: the small local models that signals ask. Nothing of it is loaded unless a signal needs it. */
export const learnedSchema = z.strictObject({
  cache: path.default('.weir/models').describe('Folder that the model that comes with Weir is converted into, once.'),
  queue: z.int().min(1).max(65_536).default(256).describe('Texts that may wait for a model.'),
  batch: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe('Texts that go through a model together when they wait together.'),
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
