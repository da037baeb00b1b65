import type { DecisionRecord } from '#contract/record.js';
import type { RecordFilter } from '#contract/stores.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** How many records a listing gives: 100 unless said, at least 1, never more than 1,000. */
export function limitOf(filter: RecordFilter): number {
  const { limit = DEFAULT_LIMIT } = filter;
  return Number.isFinite(limit) ? Math.min(MAX_LIMIT, Math.max(1, Math.floor(limit))) : DEFAULT_LIMIT;
}

/** Whether all conditions of a filter hold for a record. */
export function matches(filter: RecordFilter, record: DecisionRecord): boolean {
  return (
    (filter.decision === undefined || filter.decision === record.decision) &&
    (filter.model === undefined || filter.model === record.outcome.model) &&
    (filter.status === undefined || filter.status === record.outcome.status) &&
    (filter.session === undefined || filter.session === record.profile.session) &&
    (filter.since === undefined || record.at >= filter.since) &&
    (filter.before === undefined || record.at < filter.before)
  );
}

/** The order of listings: newest first, and of one instant the greater id first. */
export function newestFirst(a: DecisionRecord, b: DecisionRecord): number {
  return b.at - a.at || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
