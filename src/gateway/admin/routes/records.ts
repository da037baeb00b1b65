import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import { OUTCOME_STATUSES } from '#contract/outcome.js';
import type { DecisionRecord } from '#contract/record.js';
import type { RecordFilter } from '#contract/stores.js';
import { adminRoute, adminStream } from '#gateway/admin/route.js';
import { recordSchema, shownRecord } from '#gateway/admin/schemas/record.js';
import type { Gateway } from '#gateway/gateway.js';
import { TailLimit, watchMatching } from '#gateway/record-tail.js';

const MAX_LIMIT = 1000;
/** Records that one call with a text to find looks through; the answer says where to go on. */
const MOST_SEARCHED = 5000;

const conditions = {
  decision: z.string().max(256).optional(),
  model: z.string().max(256).optional(),
  status: z.enum(OUTCOME_STATUSES).optional(),
  session: z.string().max(512).optional(),
};

const query = z.object({
  ...conditions,
  since: z.coerce.number().optional().describe('Only records that arrived at or after this, ms since the Unix epoch.'),
  before: z.coerce.number().optional().describe('Only records that arrived before this: the cursor of a listing.'),
  limit: z.coerce
    .number()
    .optional()
    .describe(
      `At most this many, or all of one millisecond where it has more; 100 unless said, never more than ${MAX_LIMIT}.`,
    ),
  q: z
    .string()
    .max(200)
    .optional()
    .describe(
      'A text to find in id, decision, reason, models, caller, session, replica or error; case does not matter.',
    ),
});

export const recordsRoute = adminRoute({
  method: 'GET',
  path: '/api/records',
  role: 'viewer',
  summary: 'The latest records that match, newest first',
  query,
  answer: z.object({
    records: z.array(recordSchema),
    next: z.number().optional().describe('Give it as `before` to go on; absent when there is no more.'),
  }),
  async handle({ gateway, query: { q = '', ...given } }) {
    const filter = given as RecordFilter;
    const { records, next } = q.trim() === '' ? await page(gateway, filter) : await search(gateway, filter, q.trim());
    return { records: records.map(shownRecord), ...(next === undefined ? undefined : { next }) };
  },
});

interface Page {
  readonly records: readonly DecisionRecord[];
  readonly next: number | undefined;
}

/** The cursor is a time: a page parts no millisecond, for what of it stood on the other side would be in no page. */
async function page({ runtime }: Gateway, filter: RecordFilter): Promise<Page> {
  const limit = Math.min(MAX_LIMIT, Math.max(1, Math.floor(filter.limit ?? 100)));
  const records = await runtime.records.list({ ...filter, limit });
  const edge = records.at(-1)?.at;
  if (records.length < limit || edge === undefined) return { records, next: undefined };
  const together = await runtime.records.list({ ...filter, since: edge, before: edge + 1, limit: MAX_LIMIT });
  const sooner = records.filter(({ at }) => at > edge);
  if (together.length <= records.length - sooner.length) return { records, next: edge };
  return sooner.length === 0 ? { records: together, next: edge } : { records: sooner, next: sooner.at(-1)?.at };
}

async function search(gateway: Gateway, filter: RecordFilter, text: string): Promise<Page> {
  const wanted = text.toLowerCase();
  const limit = Math.min(MAX_LIMIT, Math.max(1, Math.floor(filter.limit ?? 100)));
  const found: DecisionRecord[] = [];
  let { before } = filter;
  for (let seen = 0; seen < MOST_SEARCHED; ) {
    const { records, next } = await page(gateway, {
      ...filter,
      limit: MAX_LIMIT,
      ...(before === undefined ? undefined : { before }),
    });
    for (const record of records) {
      const last = found.at(-1)?.at;
      if (found.length >= limit && record.at !== last) return { records: found, next: last };
      if (haystack(record).includes(wanted)) found.push(record);
    }
    if (next === undefined) return { records: found, next };
    before = next;
    seen += records.length;
  }
  return { records: found, next: before };
}

function haystack({ id, decision, reason, modelAsked, caller, profile, outcome }: DecisionRecord): string {
  const { model, replica, error = '' } = outcome;
  return [id, decision, reason.summary, modelAsked, model, replica, error, caller.key, caller.user, caller.address]
    .concat(profile.session)
    .join('\n')
    .toLowerCase();
}

export const recordRoute = adminRoute({
  method: 'GET',
  path: '/api/records/{id}',
  role: 'viewer',
  summary: 'One record, whole: the story of a request',
  params: z.object({ id: z.string() }),
  answer: recordSchema,
  async handle({ gateway, params: { id } }) {
    const { records, peers } = gateway.runtime;
    let record = await records.find(id);
    if (record === undefined && peers !== undefined) {
      // It may be on its way to the database in another process.
      await peers.settle();
      record = await records.find(id);
    }
    if (record === undefined)
      throw new WeirError('store.not_found', `There is no record ${JSON.stringify(id.slice(0, 80))}`);
    return shownRecord(record);
  },
});

export const liveRoute = adminStream({
  method: 'GET',
  path: '/api/records/live',
  role: 'viewer',
  summary: 'Records as they come, as server-sent events: at most 20 a second, the others counted',
  query: z.object(conditions),
  events: {
    record: recordSchema,
    skipped: z.object({ count: z.number() }),
  },
  handle({ gateway, query: conditions }) {
    const { clock, peers } = gateway.runtime;
    return send => {
      const limit = new TailLimit(
        clock,
        record => send('record', record),
        count => send('skipped', { count }),
      );
      return peers?.tail(conditions, limit) ?? watchMatching(gateway.feed, conditions, limit);
    };
  },
});
