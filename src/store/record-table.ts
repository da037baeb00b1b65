/**
 * The table of decision records, as typed queries see it: one row a batch, for a row a record costs more than all the rest of
 * writing it. What lists are filtered and sorted by stands in a column of its own, so that looking for records reads a twentieth of
 * the file.
 */
export interface BatchesTable {
  readonly id: number;
  /** Arrival of the earliest and of the latest record in it. */
  readonly first_at: number;
  readonly last_at: number;
  /** How many records it holds. */
  readonly records: number;
  /** A JSON array of {@link Facts}, one a record. */
  readonly facts: string;
  /** A JSON array of the parts that its records have in common. */
  readonly shared: string;
  /** A JSON array of the records, in the order of the facts. */
  readonly json: string;
}

export interface RecordTables {
  readonly batches: BatchesTable;
}

/** What a record is looked up by, and the length of its JSON in UTF-16 units. */
export type Facts = readonly [
  id: string,
  at: number,
  session: string,
  decision: string,
  model: string,
  status: string,
  length: number,
];

/** The columns in the order in which {@link INSERT} binds them. */
export const COLUMNS = [
  'first_at',
  'last_at',
  'records',
  'facts',
  'shared',
  'json',
] as const satisfies readonly (keyof BatchesTable)[];
