import type { Judged } from '#contract/outcome.js';
import type { DecisionRecord } from '#contract/record.js';
import type { SignalValue } from '#contract/signal.js';
import type { RecordStore } from '#contract/stores.js';
import type { Milliseconds } from '#contract/units.js';
import { fingerprint, hex } from '#workload/profile/hash-chain.js';
import { MOST_TOKENS } from './row.js';
import { NO_PREFIX, type Trace, type TraceRequest } from './trace.js';
import { verdictSignal } from './verdict-signal.js';

/** Most records that one listing gives. */
const PAGE = 1000;

/**
 * What a gateway served, as a trace: when each request came, its tokens, model and session. Sessions are named by a fingerprint, for
 * the record's own names hold those of callers. Requests whose tokens nobody reported (refused and failed ones) are left out and counted.
 *
 * @param progress told how many records have been read.
 * @param most requests at most, the latest.
 */
export async function recordedTrace(
  records: Pick<RecordStore, 'list'>,
  since: Milliseconds | undefined,
  progress: (records: number) => void,
  most = Number.POSITIVE_INFINITY,
): Promise<Trace> {
  const requests: TraceRequest[] = [];
  const left = new Map<string, number>();
  let read = 0;
  for await (const record of newestFirst(records, since)) {
    const request = requestOf(record);
    if (request !== undefined) requests.push(request);
    else left.set(record.outcome.status, (left.get(record.outcome.status) ?? 0) + 1);
    if (++read % (10 * PAGE) === 0) progress(read);
    if (requests.length >= most) break;
  }
  progress(read);
  requests.sort((a, b) => a.arrivalMs - b.arrivalMs);
  const startedAt = requests[0]?.arrivalMs ?? 0;
  return {
    format: 'weir',
    requests: requests.map(request => ({ ...request, arrivalMs: request.arrivalMs - startedAt })),
    timed: true,
    startedAt,
    estimated: 0,
    refused: read - requests.length,
    refusals: [...left].map(([status, rows]) => ({ reason: `${status}: no tokens reported`, rows, line: 0 })),
    problems: [],
  };
}

/** All records, a page at a time. Those of one instant may be cut by a page's end: they are asked for again and known by their ids. */
async function* newestFirst(
  records: Pick<RecordStore, 'list'>,
  since: Milliseconds | undefined,
): AsyncGenerator<DecisionRecord> {
  let before: Milliseconds | undefined;
  let known = new Set<string>();
  for (;;) {
    const page = await records.list({
      limit: PAGE,
      ...(since === undefined ? {} : { since }),
      ...(before === undefined ? {} : { before }),
    });
    const fresh = page.filter(({ id }) => !known.has(id));
    yield* fresh;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    // Just above the last instant, so that what shares it with the last record comes again; below it when nothing new came.
    before = fresh.length === 0 ? last.at : last.at + 0.001;
    known = new Set(page.filter(({ at }) => at === last.at).map(({ id }) => id));
  }
}

function requestOf({ at, profile, outcome, signals, attempts }: DecisionRecord): TraceRequest | undefined {
  const usage = outcome.usage ?? outcome.unreported;
  if (usage === undefined) return undefined;
  const promptTokens = Math.round(usage.promptTokens);
  const outputTokens = Math.round(usage.completionTokens);
  if (!(promptTokens >= 1 && promptTokens <= MOST_TOKENS && outputTokens >= 0 && outputTokens <= MOST_TOKENS))
    return undefined;
  const verdicts = attempts.flatMap(({ model, judged }) =>
    judged === undefined ? [] : [[verdictSignal(model), verdictOf(judged)] as const],
  );
  const known = [...signals.map(({ name, ...value }) => [name, signalOf(value)] as const), ...verdicts];
  return {
    ...{ arrivalMs: at, promptTokens, outputTokens, prefix: NO_PREFIX },
    ...(profile.session === '' ? {} : { session: hex(fingerprint([profile.session])) }),
    ...(outcome.model === '' ? {} : { model: outcome.model }),
    ...(known.length === 0 ? {} : { signals: new Map(known) }),
  };
}

function verdictOf({ end }: Judged): SignalValue {
  return end === 'accepted' ? { state: 'true', score: 1 } : { state: 'false', score: 0 };
}

/** A reading without its evidence, which may hold words of the request. */
function signalOf({ state, score, label }: SignalValue): SignalValue {
  return label === undefined ? { state, score } : { state, score, label };
}
