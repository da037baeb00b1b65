import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError, call } from '../api/client.js';
import { liveRecords } from '../api/live-records.js';
import type { DecisionRecord } from '../api/types.js';
import type { Filter } from './filters.js';

const PAGE = 50;
/** What the page holds; older ones are asked for again. */
const MOST_SHOWN = 500;
/** Requests that end within this time are shown together: many a second would keep a page busy with nothing else. */
const SHOWN_EVERY_MS = 250;

export interface RecordList {
  readonly records: readonly DecisionRecord[];
  readonly loading: boolean;
  readonly error: ApiError | undefined;
  readonly live: 'on' | 'lost' | 'off';
  readonly skipped: number;
  /** Loads older ones; absent when there are none. */
  readonly more: (() => void) | undefined;
  /** As many are shown as can be; older ones are found by a filter. */
  readonly full: boolean;
}

/** Records that match, kept up to date as requests end. */
export function useRecords(filter: Filter): RecordList {
  const key = JSON.stringify(filter);
  const [records, setRecords] = useState<readonly DecisionRecord[]>([]);
  const [next, setNext] = useState<number | undefined>(undefined);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const [live, setLive] = useState<RecordList['live']>('off');
  const [skipped, setSkipped] = useState(0);

  const load = useCallback(
    async (before: number | undefined, signal?: AbortSignal): Promise<void> => {
      setLoading(true);
      try {
        const query = { ...(JSON.parse(key) as Filter), limit: PAGE, ...(before === undefined ? {} : { before }) };
        const page = await call('GET /api/records', { query, ...(signal === undefined ? {} : { signal }) });
        setRecords(known => merged(before === undefined ? [] : known, page.records));
        setNext(page.next);
        setError(undefined);
      } catch (wrong) {
        if (signal?.aborted === true) return;
        setError(wrong instanceof ApiError ? wrong : new ApiError(String(wrong), 0, undefined));
      }
      setLoading(false);
    },
    [key],
  );

  useEffect(() => {
    const stop = new AbortController();
    const wanted = JSON.parse(key) as Filter;
    void load(undefined, stop.signal);
    let ended: DecisionRecord[] = [];
    const shown = window.setInterval(() => {
      if (ended.length === 0) return;
      const fresh = ended;
      ended = [];
      setRecords(known => merged(known, fresh));
    }, SHOWN_EVERY_MS);
    const end = liveRecords({
      record(record) {
        if (matches(record, wanted)) ended.push(record);
      },
      skipped: count => setSkipped(before => before + count),
      connected: yes => setLive(yes ? 'on' : 'lost'),
    });
    return () => {
      stop.abort();
      window.clearInterval(shown);
      end();
    };
  }, [key, load]);

  const full = records.length >= MOST_SHOWN;
  const more = next === undefined || full ? undefined : () => void load(next);
  return { records, loading, error, live, skipped, more, full: full && next !== undefined };
}

/** Newest first, each once. */
function merged(known: readonly DecisionRecord[], more: readonly DecisionRecord[]): readonly DecisionRecord[] {
  const all = new Map([...known, ...more].map(record => [record.id, record]));
  return [...all.values()].sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).slice(0, MOST_SHOWN);
}

function matches(record: DecisionRecord, { q, status, model, decision, session }: Filter): boolean {
  const { outcome, reason, caller } = record;
  if (status !== undefined && status !== outcome.status) return false;
  if (model !== undefined && model !== outcome.model) return false;
  if (decision !== undefined && decision !== record.decision) return false;
  if (session !== undefined && session !== record.profile.session) return false;
  if (q === undefined) return true;
  const words = [record.id, record.decision, reason.summary, record.modelAsked, outcome.model, outcome.replica];
  return [...words, outcome.error, caller.key, caller.user, caller.address, record.profile.session]
    .join('\n')
    .toLowerCase()
    .includes(q.toLowerCase());
}
