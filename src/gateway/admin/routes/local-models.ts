import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import { HEADS, type HeadName, SAFETY_HEADS } from '#contract/learned.js';
import { adminRoute } from '#gateway/admin/route.js';
import type { Runtime } from '#gateway/runtime.js';
import { classificationOf } from '#models/classification.js';
import { DEFAULT_EMBEDDER } from '#models/model-host.js';
import { dot } from '#models/runtime/pooling.js';
import { safetyClassifier } from '#router/safety/classifiers.js';
import { LanguageGate } from '#router/signals/language-gate.js';

/** Longer texts are read in part anyhow. */
const MOST_CHARS = 65_536;
const MOST_TEXTS = 64;

const text = z.string().max(MOST_CHARS);
const texts = z.array(text).min(1).max(MOST_TEXTS);
const embedderName = z.string().max(64).default(DEFAULT_EMBEDDER);

const classification = z
  .object({
    label: z.string().nullable(),
    score: z.number(),
    scores: z.record(z.string(), z.number()),
    tier: z.enum(['fast', 'model', 'busy']),
    reason: z.string().optional(),
    spans: z.array(z.object({ type: z.string(), start: z.number(), end: z.number(), score: z.number() })).optional(),
    evidence: z.object({ text: z.string(), label: z.string(), likeness: z.number() }).optional(),
    ms: z.number(),
  })
  .meta({ id: 'Classification' });

export const classifyRoute = adminRoute({
  method: 'POST',
  path: '/api/classify',
  role: 'viewer',
  summary: 'What a head, or the routes of the configuration, make of texts; no LLM is asked',
  body: z.object({
    kind: z.enum([...HEADS, ...SAFETY_HEADS, 'routes', 'classifier']),
    classifier: z.string().max(64).optional().describe('With kind `classifier`: one of `router.learned.classifiers`.'),
    texts,
  }),
  answer: z.object({ results: z.array(classification) }),
  async handle({ gateway: { runtime }, body: { kind, classifier: own = '', texts: given } }) {
    const learned = runtime.learned;
    if (learned === undefined) throw noModels();
    const level = SAFETY_HEADS.find(name => name === kind);
    const classifier =
      level !== undefined
        ? safetyClassifier(level, learned)
        : new LanguageGate(
            kind === 'classifier'
              ? learned.classifier(own)
              : kind === 'routes'
                ? learned.routes()
                : learned.head(kind as HeadName),
          );
    const results = given.map(async one => {
      const begun = runtime.clock.now();
      const verdict = await classifier.classify(one, { whenBusy: learned.whenBusy });
      return { ...classificationOf(classifier, verdict), ms: runtime.clock.now() - begun };
    });
    return { results: await Promise.all(results) };
  },
});

export const embeddingsRoute = adminRoute({
  method: 'POST',
  path: '/api/embeddings',
  role: 'viewer',
  summary: 'Vectors of texts by a local embedder, each of length 1',
  body: z.object({ texts, embedder: embedderName }),
  answer: z.object({ embedder: z.string(), dimension: z.number(), vectors: z.array(z.array(z.number())) }),
  async handle({ gateway: { runtime }, body }) {
    const { embedder, vectors } = await embedded(runtime, body.embedder, body.texts);
    return { embedder: embedder.name, dimension: embedder.dimension, vectors: vectors.map(vector => [...vector]) };
  },
});

export const similarityRoute = adminRoute({
  method: 'POST',
  path: '/api/similarity',
  role: 'viewer',
  summary: 'How much a text is like each of others: cosine of their vectors, the nearest first',
  body: z.object({ text, candidates: texts, embedder: embedderName }),
  answer: z.object({
    embedder: z.string(),
    matches: z.array(z.object({ index: z.number(), text: z.string(), similarity: z.number() })),
  }),
  async handle({ gateway: { runtime }, body }) {
    const { embedder, vectors } = await embedded(runtime, body.embedder, [body.text, ...body.candidates]);
    const [own, ...others] = vectors;
    const matches = others.map((vector, index) => ({
      index,
      text: body.candidates[index] ?? '',
      similarity: Math.round(dot(own!, vector) * 1e4) / 1e4,
    }));
    return { embedder: embedder.name, matches: matches.sort((a, b) => b.similarity - a.similarity) };
  },
});

async function embedded({ localModels, config }: Runtime, name: string, given: readonly string[]) {
  if (localModels === undefined) throw noModels();
  const embedder = localModels.embedder(name, config.router.learned);
  return { embedder, vectors: await embedder.embed(given, { patienceMs: config.router.learned.patience }) };
}

function noModels(): WeirError {
  return new WeirError('model.unavailable', 'This gateway runs without local models');
}
