import { z } from 'zod';
import { OUTCOME_STATUSES } from '#contract/outcome.js';
import type { DecisionRecord } from '#contract/record.js';
import type { Mutable } from './mutable.js';

const status = z.enum(OUTCOME_STATUSES).meta({ id: 'OutcomeStatus' });

const usage = z
  .object({ promptTokens: z.number(), completionTokens: z.number(), cachedTokens: z.number() })
  .meta({ id: 'Usage' });

const stage = z.object({ stage: z.string(), ms: z.number(), note: z.string().optional() }).meta({ id: 'StageNote' });

const signal = z
  .object({
    name: z.string(),
    type: z.string(),
    state: z.enum(['true', 'false', 'unknown']),
    score: z.number(),
    label: z.string().optional(),
    evidence: z.string().optional(),
    tier: z.enum(['fast', 'model', 'busy']).optional(),
    ms: z.number(),
  })
  .meta({ id: 'SignalReading' });

export const prefill = z.object({
  pool: z.string(),
  replica: z.string().optional(),
  reason: z.string(),
  uncachedTokens: z.number(),
  expectedPrefixTokens: z.number(),
  hereMs: z.number().optional(),
  thereMs: z.number().optional(),
  transferMs: z.number().optional(),
  stallMs: z.number().optional(),
});

export const scoreParts = z
  .object({
    scorers: z.array(z.object({ name: z.string(), weight: z.number() })),
    chosen: z.array(z.number()),
    losers: z.array(z.array(z.number())),
  })
  .describe('What the scores are made of, by scorer; absent where one thing alone was weighed.');

export const prefixLeftOut = z
  .object({ replica: z.string(), tokens: z.number(), filtered: z.string() })
  .describe('Who is believed to have most of the prompt, where it could not be chosen.');

export const prefixTiers = z
  .object({
    host: z.number().describe("Prompt tokens in the memory of the replica's host."),
    disk: z.number().describe('Prompt tokens in storage behind that.'),
    readMs: z.number().optional().describe('What reading them takes, beside computing the rest of the prompt.'),
    computeMs: z.number().optional().describe('What computing them would take on a replica with nothing else to do.'),
  })
  .describe("What of the expected prefix lies behind the GPUs' memory; absent where nothing is known to.");

const placement = z
  .object({
    pool: z.string(),
    replica: z.string(),
    expectedPrefixTokens: z.number(),
    prefixSource: z.literal('events').optional(),
    prefixTiers: prefixTiers.optional(),
    score: z.number(),
    losers: z.array(z.object({ replica: z.string(), score: z.number(), filtered: z.string().optional() })),
    parts: scoreParts.optional(),
    prefixLeftOut: prefixLeftOut.optional(),
    considered: z.number(),
    queuedMs: z.number(),
    retention: z.object({ tokens: z.number(), priority: z.number(), durationMs: z.number() }).optional(),
    prefill: prefill.optional(),
  })
  .meta({ id: 'Placement' });

const profile = z
  .object({
    archetype: z.enum(['chat', 'agent']),
    turn: z.number(),
    warmth: z.enum(['warm', 'cold']),
    heaviness: z.enum(['prefill', 'decode', 'balanced']),
    modality: z.enum(['text', 'image', 'audio', 'file']),
    session: z.string(),
    application: z.string(),
    promptTokens: z.number(),
    outputTokens: z.object({ p50: z.number(), p75: z.number() }),
  })
  .meta({ id: 'Profile' });

const candidate = z
  .object({
    model: z.string(),
    score: z.number(),
    propensity: z.number(),
    reason: z.string(),
    eligible: z.boolean(),
  })
  .meta({ id: 'Candidate' });

const attempt = z
  .object({
    model: z.string(),
    pool: z.string(),
    replica: z.string(),
    status,
    httpStatus: z.number(),
    error: z.string().optional(),
    ttftMs: z.number().optional(),
    durationMs: z.number(),
    prefill: z
      .object({
        pool: z.string(),
        replica: z.string(),
        status: z.enum(['used', 'failed', 'lost', 'cancelled']),
        error: z.string().optional(),
        durationMs: z.number(),
      })
      .optional(),
    judged: z
      .object({ end: z.enum(['accepted', 'escalated', 'kept']), why: z.string() })
      .optional()
      .describe('Only where the answer was held back and judged.'),
    usage: usage.optional().describe('Of an answer that did not go to the client.'),
    costUsd: z.number().optional(),
  })
  .meta({ id: 'Attempt' });

const outcome = z
  .object({
    status,
    model: z.string(),
    pool: z.string(),
    replica: z.string(),
    httpStatus: z.number(),
    error: z.string().optional(),
    finish: z.string().optional(),
    usage: usage.optional(),
    ttftMs: z.number().optional(),
    tpotMs: z.number().optional(),
    e2eMs: z.number(),
    queuedMs: z.number(),
    costUsd: z.number().optional(),
    joules: z.number().optional(),
  })
  .meta({ id: 'Outcome' });

/** The story of one request, as the record keeps it. Later parts may add fields: they pass. */
export const recordSchema = z
  .looseObject({
    id: z.string(),
    at: z.number().describe('Arrival, ms since the Unix epoch.'),
    api: z.string(),
    modelAsked: z.string(),
    stream: z.boolean(),
    caller: z.object({ key: z.string().optional(), user: z.string().optional(), address: z.string() }),
    profile,
    signals: z.array(signal),
    decision: z.string(),
    reason: z.object({
      summary: z.string(),
      passed: z.array(z.object({ decision: z.string(), why: z.string() })),
    }),
    selector: z.string(),
    strategy: z.string(),
    candidates: z.array(candidate),
    parameters: z.looseObject({
      systemPrompt: z.object({ mode: z.enum(['prepend', 'append', 'replace']), text: z.string() }).optional(),
      reasoningEffort: z.string().optional(),
      maxOutputTokens: z.number().optional(),
      temperature: z.number().optional(),
      headers: z.record(z.string(), z.string()).optional(),
    }),
    stages: z.array(stage),
    placement: placement.optional(),
    attempts: z.array(attempt),
    outcome,
    verdicts: z.record(z.string(), z.string()).optional(),
    configVersion: z.string(),
    prompt: z.string().optional(),
  })
  .meta({ id: 'DecisionRecord' });

/** Answers are sent as they are, not copied: the schema must accept what the record holds. */
export function shownRecord(record: DecisionRecord): z.input<typeof recordSchema> {
  return record as unknown as z.input<typeof recordSchema>;
}

/** Breaks the build when the schema says something else than the type. */
type Same<A, B> = [A] extends [B] ? true : never;
export type RecordFits = Same<Mutable<DecisionRecord>, z.input<typeof recordSchema>>;
const fits: RecordFits = true;
void fits;
