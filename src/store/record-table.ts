/**
 * The table of decision records, as typed queries see it. What lists are filtered and sorted by is stored as columns of its own;
 * the other columns are read out of the record's JSON when someone asks for them (generated columns), for what is not
 * bound, moved and written for every request costs nothing.
 */
export interface DecisionsTable {
  readonly id: string;
  readonly at: number;
  readonly session: string;
  readonly decision: string;
  readonly model: string;
  readonly status: string;
  /** The whole record, as JSON. */
  readonly record: string;
}

export interface RecordTables {
  readonly decisions: DecisionsTable;
}

/** The stored columns in the order in which a batch carries their values. */
export const COLUMNS = [
  'id',
  'at',
  'session',
  'decision',
  'model',
  'status',
  'record',
] as const satisfies readonly (keyof DecisionsTable)[];

/** Columns that are computed from the JSON of a record when they are read: name, type, and where in the record the value stands. */
export const GENERATED: readonly (readonly [name: string, type: 'text' | 'integer' | 'real', path: string])[] = [
  ['api', 'text', '$.api'],
  ['model_asked', 'text', '$.modelAsked'],
  ['stream', 'integer', '$.stream'],
  ['caller', 'text', '$.caller.key'],
  ['pool', 'text', '$.outcome.pool'],
  ['replica', 'text', '$.outcome.replica'],
  ['http_status', 'integer', '$.outcome.httpStatus'],
  ['error', 'text', '$.outcome.error'],
  ['finish', 'text', '$.outcome.finish'],
  ['prompt_tokens', 'integer', '$.outcome.usage.promptTokens'],
  ['completion_tokens', 'integer', '$.outcome.usage.completionTokens'],
  ['cached_tokens', 'integer', '$.outcome.usage.cachedTokens'],
  ['cost_usd', 'real', '$.outcome.costUsd'],
  ['ttft_ms', 'real', '$.outcome.ttftMs'],
  ['e2e_ms', 'real', '$.outcome.e2eMs'],
];
