import { MOST_TURNS, MOST_UNWANTED, type StoredResponse } from '#contract/stores.js';
import { storableText } from './storable.js';

const FIELDS = 'r.owner, r.id, r.at_ms as at, r.previous, r.input, r.response';
/** Puts those of {@link columnsOf} in the place of others with their ids. */
export const PUT = `insert into weir.responses (owner, id, at_ms, previous, input, response, bytes)
  select * from unnest($1::text[], $2::text[], $3::double precision[], $4::text[], $5::text[], $6::text[], $7::bigint[]) as given (owner, id)
    where not exists (select from weir.unwanted_responses u where u.owner = given.owner and u.id = given.id)
  on conflict (owner, id) do update set at_ms = excluded.at_ms, previous = excluded.previous, input = excluded.input,
    response = excluded.response, bytes = excluded.bytes`;
/** A caller's response by its id, if it is not too old: owner, id, oldest time. */
export const FIND = `select ${FIELDS} from weir.responses r where r.owner = $1 and r.id = $2 and r.at_ms >= $3`;
/** A response and those before it, the earliest first, and one more than is allowed where they are too many: owner, id, oldest time. */
export const CONVERSATION = `with recursive turns as (
    select ${FIELDS}, 1 as turn from weir.responses r where r.owner = $1 and r.id = $2 and r.at_ms >= $3
    union all
    select ${FIELDS}, turn + 1 from turns t join weir.responses r on r.owner = $1 and r.id = t.previous and r.at_ms >= $3
      where turn <= ${MOST_TURNS}
  ) select * from turns order by turn desc`;
/** Owner, id. */
export const DELETE = 'delete from weir.responses where owner = $1 and id = $2';
/** Sees that one that is not there yet will not be put: owner, id. */
export const REFUSE = `with spent as (
    delete from weir.unwanted_responses where place <= (select max(place) from weir.unwanted_responses) - ${MOST_UNWANTED}
  ) insert into weir.unwanted_responses (owner, id) values ($1, $2) on conflict do nothing`;
/** Deletes what is too old or beyond the bounds: oldest time, how many are kept, how many bytes. */
export const PRUNE = `delete from weir.responses r using (
    select owner, id, at_ms, row_number() over (order by at_ms desc, id desc) as place,
      sum(bytes) over (order by at_ms desc, id desc) as bytes from weir.responses
  ) ranked where r.owner = ranked.owner and r.id = ranked.id
    and (ranked.at_ms < $1 or ranked.place > $2 or (ranked.place > 1 and ranked.bytes > $3))`;

export interface Row {
  readonly owner: string;
  readonly id: string;
  readonly at: number;
  readonly previous: string | null;
  readonly input: string;
  readonly response: string;
}

/** A batch of responses as what {@link PUT} takes: a list for each column. */
export function columnsOf(batch: readonly StoredResponse[]): unknown[][] {
  return [
    batch.map(({ owner }) => storableText(owner)),
    batch.map(({ id }) => storableText(id)),
    batch.map(({ at }) => at),
    batch.map(({ previous }) => (previous === undefined ? null : storableText(previous))),
    batch.map(({ input }) => input),
    batch.map(({ response }) => response),
    batch.map(({ input, response }) => Buffer.byteLength(input) + Buffer.byteLength(response)),
  ];
}

/** A row, as what was put by these names. */
export function storedOf({ at, previous, input, response }: Row, owner: string, id: string): StoredResponse {
  return { id, owner, at, input, response, ...(previous === null ? undefined : { previous }) };
}
