import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import { HEADS, type HeadName, type LearnedModels, SAFETY_HEADS, type SafetyHeadName } from '#contract/learned.js';
import { adminRoute } from '#gateway/admin/route.js';
import { languageClassifier } from '#gateway/language-classifier.js';
import type { Runtime } from '#gateway/runtime.js';
import { classificationOf } from '#models/classification.js';
import { DEFAULT_EMBEDDER } from '#models/embedders.js';
import { dot } from '#models/runtime/pooling.js';
import { FINDING_KINDS, type FindingKind, findingsOf, isFindingKind } from '#models/text-findings.js';
import { Turns } from '#models/turns.js';
import { safetyClassifier } from '#router/safety/classifiers.js';
import { headClassifier } from '#router/signals/head-classifier.js';
import { LanguageGate } from '#router/signals/language-gate.js';
import { wordIndex } from '#router/signals/word-index.js';

/** Longer texts are read in part anyhow. */
const MOST_CHARS = 65_536;
const MOST_TEXTS = 64;
const MOST_CONTEXT = 262_144;
/** Of kinds that tell places, in all texts together: an answer may be ten times as long. */
const MOST_FOUND_IN = 262_144;

/** What is asked besides heads and what tells places in a text. */
const OTHERS = ['language', 'routes', 'preferences', 'knowledge', 'classifier'] as const;

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
    loading: z
      .literal(true)
      .optional()
      .describe('The model is still being loaded: asked again in a moment it answers itself.'),
    partial: z.literal(true).optional().describe('Not all of the text was read.'),
    spans: z
      .array(
        z.object({
          type: z.string(),
          start: z.number(),
          end: z.number(),
          score: z.number(),
          text: z.string().optional().describe('What stands there; of `pii`, `grounding` and entities.'),
        }),
      )
      .optional(),
    evidence: z.object({ text: z.string(), label: z.string(), likeness: z.number() }).optional(),
    ms: z.number(),
  })
  .meta({ id: 'Classification' });

const judged = classification.omit({ ms: true });

const asked = z.object({
  kind: z.enum([...HEADS, ...SAFETY_HEADS, ...FINDING_KINDS, ...OTHERS]),
  classifier: z.string().max(64).optional().describe('With kind `classifier`: one of `router.learned.classifiers`.'),
  context: z
    .string()
    .max(MOST_CONTEXT)
    .optional()
    .describe('With kind `grounding`: the texts that answers are held against.'),
  question: z.string().max(2048).optional().describe('With kind `grounding`: what was asked.'),
  texts,
});

export const classifyRoute = adminRoute({
  method: 'POST',
  path: '/api/classify',
  role: 'viewer',
  summary:
    'What a head, the routes of the configuration, or a model of your own make of texts, in which language they are, and what personal data or ungrounded claims are in them; no LLM is asked',
  body: asked,
  answer: z.object({ results: z.array(classification) }),
  async handle({ gateway: { runtime }, body }) {
    const { kind, texts: given } = body;
    const { clock } = runtime;
    const timed = async (one: string, judge: (text: string) => Promise<z.input<typeof judged>>) => {
      const begun = clock.now();
      const told = await judge(one);
      return { ...told, ms: clock.now() - begun };
    };
    if (isFindingKind(kind)) {
      // One after the other: each gives way to others, all of them at once would not.
      const find = findingsIn(runtime, kind, body);
      const results: Awaited<ReturnType<typeof timed>>[] = [];
      for (const one of given) results.push(await timed(one, find));
      return { results };
    }
    if (kind === 'classifier') named('classifier', body.classifier, runtime.config.router.learned.classifiers);
    const judge = headOf(runtime, kind, body.classifier ?? '');
    // Together, for the model reads texts in batches; but each long one is taken apart in a turn of its own.
    const turns = new Turns();
    const told: ReturnType<typeof timed>[] = [];
    for (const one of given) {
      const telling = timed(one, judge);
      telling.catch(() => {});
      told.push(telling);
      await turns.spent(one.length);
    }
    return { results: await Promise.all(told) };
  },
});

/** Asks a classifier, as a signal would. */
function headOf({ learned }: Runtime, kind: HeadName | SafetyHeadName | (typeof OTHERS)[number], own: string) {
  if (learned === undefined) throw noModels();
  const classifier = classifierOf(learned, kind, own);
  return async (one: string) =>
    classificationOf(classifier, await classifier.classify(one, { whenBusy: learned.whenBusy }), one);
}

function classifierOf(learned: LearnedModels, kind: HeadName | SafetyHeadName | (typeof OTHERS)[number], own: string) {
  const level = SAFETY_HEADS.find(name => name === kind);
  if (level !== undefined) return safetyClassifier(level, learned);
  if (kind === 'language') return languageClassifier();
  if (kind === 'preferences') return new LanguageGate(learned.preferences());
  if (kind === 'knowledge') return new LanguageGate(learned.knowledge(wordIndex));
  if (kind === 'classifier') return new LanguageGate(learned.classifier(own));
  return kind === 'routes' ? new LanguageGate(learned.routes()) : headClassifier(kind as HeadName, learned);
}

/** Looks for places in texts; a classifier is not needed for it. */
function findingsIn(
  { personal }: Runtime,
  kind: FindingKind,
  { context, question = '', texts }: Pick<z.output<typeof asked>, 'context' | 'question' | 'texts'>,
) {
  const chars = texts.reduce((sum, { length }) => sum + length, 0);
  if (chars > MOST_FOUND_IN) {
    const hint = `at most ${MOST_FOUND_IN} characters in all texts of a request: the answer tells every place`;
    throw new WeirError('request.invalid', `The texts have ${chars} characters together`, { path: 'texts', hint });
  }
  if (kind === 'grounding' && context === undefined) {
    throw new WeirError('request.invalid', 'There is nothing to hold the texts against', {
      path: 'context',
      hint: 'the texts that the answers are to stay within',
    });
  }
  const find = findingsOf(kind, personal);
  return async (one: string) => {
    const { spans, scores, ...rest } = await find(one, { context: context ?? '', question });
    return { ...rest, scores: { ...scores }, spans: [...spans] };
  };
}

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
  const { learned } = config.router;
  if (name !== DEFAULT_EMBEDDER) named('embedder', name, learned.embedders);
  const embedder = localModels.embedder(name, learned);
  return { embedder, vectors: await embedder.embed(given, { patienceMs: learned.patience }) };
}

/** Whether a body names one of what a configuration defines. @throws WeirError `request.invalid`. */
function named(what: 'classifier' | 'embedder', name: string | undefined, defined: object): void {
  if (name !== undefined && Object.hasOwn(defined, name)) return;
  const known = Object.keys(defined);
  const message = name === undefined ? `Which ${what} is asked is not said` : `There is no ${what} ${name}`;
  const hint = known.length === 0 ? `router.learned.${what}s defines none` : `one of ${known.join(', ')}`;
  throw new WeirError('request.invalid', message, { path: what, hint });
}

function noModels(): WeirError {
  return new WeirError('model.unavailable', 'This gateway runs without local models');
}
