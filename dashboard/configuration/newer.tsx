import { day } from '../format.js';
import type { InForce } from './page.js';

interface NewerProps {
  /** What the text was made of, and what is in force by now. */
  readonly base: InForce;
  readonly latest: InForce;
  readonly onMine: () => void;
  readonly onTheirs: () => void;
}

/** Somebody else has changed what is being edited: says so, and has the writer choose whose text goes on. */
export function Newer({ base, latest, onMine, onTheirs }: NewerProps) {
  return (
    <div class="callout newer">
      <p role="status">
        <b>Changed meanwhile.</b> Version <code>{latest.version}</code> of {day(latest.at)} by {latest.author} is in
        force; yours was made of version <code>{base.version}</code>. What it would change of that which is in force is
        shown with the check.
      </p>
      <div class="actions">
        <button type="button" onClick={onMine}>
          Go on with mine
        </button>
        <button type="button" onClick={onTheirs}>
          Drop mine, take what is in force
        </button>
      </div>
    </div>
  );
}
