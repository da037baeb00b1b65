import type { DecisionRecord } from './record.js';
import type { Milliseconds } from './units.js';

/** Which records to list, newest first. All conditions must hold. */
export interface RecordFilter {
  readonly decision?: string;
  readonly model?: string;
  readonly status?: string;
  readonly session?: string;
  /** Only records that arrived at or after this wall time. */
  readonly since?: Milliseconds;
  /** Only records that arrived before this wall time: the cursor of a listing. */
  readonly before?: Milliseconds;
  /** At most this many; 100 unless said, never more than 1,000. */
  readonly limit?: number;
}

/**
 * Where decision records live. `append` never waits and never throws: records are batched off the hot path, and what cannot be
 * written is counted, not hidden.
 */
export interface RecordStore {
  append(record: DecisionRecord): void;
  find(id: string): Promise<DecisionRecord | undefined>;
  list(filter?: RecordFilter): Promise<readonly DecisionRecord[]>;
  count(filter?: RecordFilter): Promise<number>;
  /** Resolves when everything appended so far is on disk. */
  flush(): Promise<void>;
  /** Records that were lost because the store could not keep up or could not write. */
  readonly dropped: number;
  close(): Promise<void>;
}

/** A configuration that was in force, without its text. */
export interface ConfigVersion {
  /** Counts up from 1 over all files. */
  readonly number: number;
  /** As in {@link DecisionRecord.configVersion}. */
  readonly version: string;
  /** Wall time at which it came into force. */
  readonly at: Milliseconds;
  /** Who changed it: a caller of the admin API, `file` for an edit of the file, `start` for what was found at start. */
  readonly author: string;
  readonly note: string;
  /** The file, as an absolute path. */
  readonly source: string;
}

/**
 * Versions of the configuration, so that what was in force can be seen, compared and brought back. Bounded in number and size:
 * the oldest go first. Synchronous: it is small, and used when people change things.
 */
export interface ConfigVersionStore {
  /** Keeps a version, unless the newest of its file has the same text. @returns the newest. */
  add(entry: Omit<ConfigVersion, 'number'>, text: string): ConfigVersion;
  /** Takes a version out that did not come into force after all. */
  drop(number: number): void;
  /** Versions of a file, newest first. */
  list(source: string, limit: number): readonly ConfigVersion[];
  /** A version of a file with its text, as it was written: it may hold secrets. */
  find(source: string, number: number): { readonly entry: ConfigVersion; readonly text: string } | undefined;
  close(): void;
}

/** A response as it is kept for the client that will go on from it. */
export interface StoredResponse {
  readonly id: string;
  /** Whose it is: another caller never gets to see it. */
  readonly owner: string;
  /** Wall time at which it was given. */
  readonly at: Milliseconds;
  /** Id of the response that it went on from. */
  readonly previous?: string;
  /** What its request brought, a JSON array of items. */
  readonly input: string;
  /** The response itself, a JSON object. */
  readonly response: string;
}

/** Turns of one conversation that are looked up at most; a longer one is cut off from its beginning by an error, not silently. */
export const MOST_TURNS = 1000;
/** Responses remembered as deleted before they came; the earliest goes first. */
export const MOST_UNWANTED = 10_000;

/** Where the Responses API's conversations live. `put` never waits and never throws; what cannot be kept is counted. */
export interface ResponseStore {
  put(response: StoredResponse): void;
  find(owner: string, id: string): Promise<StoredResponse | undefined>;
  /**
   * A response and those before it in its conversation, the earliest first; `undefined` when one of them is not there or there are
   * more than {@link MOST_TURNS}.
   */
  conversation(owner: string, id: string): Promise<readonly StoredResponse[] | undefined>;
  /**
   * Sees that there is none by this id, now and from now on: one whose answer is still on its way is not kept when it comes.
   *
   * @returns whether there was one.
   */
  delete(owner: string, id: string): Promise<boolean>;
  /** Resolves when everything put so far can be found by all who use the same store. */
  flush(): Promise<void>;
  /** Responses that could not be kept. */
  readonly dropped: number;
  close(): Promise<void>;
}
