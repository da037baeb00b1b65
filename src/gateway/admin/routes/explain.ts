import { z } from 'zod';
import { adminRoute } from '#gateway/admin/route.js';
import type { Mutable } from '#gateway/admin/schemas/mutable.js';
import { prefill, prefixLeftOut, prefixTiers, scoreParts } from '#gateway/admin/schemas/record.js';
import { callerOf, readHead } from '#gateway/caller.js';
import { explain } from '#gateway/explain.js';
import { requestId } from '#gateway/request-id.js';
import { openaiChat } from '#protocols/openai/chat.js';

export const explainRoute = adminRoute({
  method: 'POST',
  path: '/api/explain',
  role: 'viewer',
  summary: 'What would be decided for a chat request now; no model is asked',
  body: z.looseObject({}).describe('A request as for /v1/chat/completions.'),
  answer: z
    .object({
      profile: z.looseObject({
        archetype: z.string(),
        turn: z.number(),
        warmth: z.string(),
        heaviness: z.string(),
        modality: z.string(),
        session: z.string(),
        application: z.string(),
        prompt_tokens: z.number(),
        output_tokens: z.object({ p50: z.number(), p75: z.number() }),
      }),
      signals: z.record(
        z.string(),
        z.object({
          type: z.string(),
          state: z.enum(['true', 'false', 'unknown']),
          score: z.number(),
          ms: z.number(),
          label: z.string().optional(),
          evidence: z.string().optional(),
          tier: z.enum(['fast', 'model', 'busy']).optional(),
          read: z.boolean(),
        }),
      ),
      decision: z.string(),
      reason: z.string(),
      passed: z.array(z.object({ decision: z.string(), why: z.string() })),
      candidates: z.array(
        z.object({ model: z.string(), score: z.number(), reason: z.string(), propensity: z.number() }),
      ),
      selected: z.string().nullable(),
      placement: z
        .object({
          pool: z.string(),
          replica: z.string(),
          expected_prefix_tokens: z.number(),
          prefix_source: z.enum(['events', 'estimate']),
          prefix_tiers: prefixTiers.optional(),
          prefix_left_out: prefixLeftOut.optional(),
          score: z.number(),
          losers: z.array(z.object({ replica: z.string(), score: z.number(), why: z.string() })),
          parts: scoreParts.optional(),
          prefill: prefill.optional(),
        })
        .nullable(),
      strategy: z.string(),
      cascade: z
        .array(z.object({ model: z.string(), end: z.enum(['accepted', 'escalated', 'kept']), why: z.string() }))
        .optional(),
      stages: z.array(z.object({ stage: z.string(), ms: z.number(), note: z.string().optional() })),
      total_ms: z.number(),
      refused: z.object({ code: z.string(), message: z.string() }).optional(),
    })
    .meta({ id: 'Explanation' }),
  async handle({ gateway, request, bytes }) {
    const { runtime } = gateway;
    const envelope = {
      id: requestId(),
      arrivedAt: runtime.clock.now(),
      caller: callerOf(readHead(request, runtime.heads)),
    };
    const inbound = openaiChat.read(bytes, envelope);
    const told = await explain(runtime, { request: inbound.request, sentTexts: () => inbound.sentTexts() });
    return told as Mutable<typeof told>;
  },
});
