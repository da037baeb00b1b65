import type { State } from '../app.js';
import { Loading } from '../ui/parts.js';
import { absence, useRecord } from './record.js';
import { Timeline } from './timeline.js';

/** The story of a request that is over. */
export function Story({ id, state }: { id: string; state: State | undefined }) {
  const { record, error } = useRecord(id);
  if (error !== undefined) return <p class="hint">{absence(error)}</p>;
  if (record === undefined) return <Loading what="Reading the record" />;
  return <Timeline record={record} state={state} />;
}
