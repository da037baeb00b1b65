import type { State } from '../app.js';
import { Loading } from '../ui/parts.js';
import type { Preview } from './preview.js';
import { absence, useRecord } from './record.js';
import { Foretold, Timeline } from './timeline.js';

interface StoryProps {
  readonly id: string;
  readonly state: State | undefined;
  /** What the answer itself told: all there is for whoever may not read the record. */
  readonly preview?: Preview;
}

/** The story of a request that is over. */
export function Story({ id, state, preview }: StoryProps) {
  const { record, error } = useRecord(id);
  if (error?.status === 403 && preview !== undefined) {
    return (
      <>
        <Foretold preview={preview} />
        <p class="hint">The whole story is for keys that may look on.</p>
      </>
    );
  }
  if (error !== undefined) return <p class="hint">{absence(error)}</p>;
  if (record === undefined) return <Loading what="Reading the record" />;
  return <Timeline record={record} state={state} />;
}
