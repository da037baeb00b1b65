import type { Hunk } from '../api/types.js';
import { Scrollable } from '../ui/scrollable.js';

const KINDS: Readonly<Record<string, readonly [string, string]>> = {
  '+': ['added', 'added: '],
  '-': ['removed', 'removed: '],
};

/** Line differences, as a patch shows them. */
export function Changes({ hunks, title = 'What would change' }: { hunks: readonly Hunk[]; title?: string }) {
  if (hunks.length === 0) return <p class="hint">No difference.</p>;
  return (
    <Scrollable className="changes" label={title}>
      {hunks.map(({ oldStart, newStart, lines }) => (
        <div key={`${oldStart} ${newStart}`}>
          <p class="changes-at">line {newStart}</p>
          <pre>
            {lines.map((line, i) => {
              const [kind, said] = KINDS[line[0] ?? ''] ?? ['', ''];
              return (
                <span key={i} class={`change ${kind}`}>
                  {said === '' ? undefined : <span class="unseen">{said}</span>}
                  {line}
                  {'\n'}
                </span>
              );
            })}
          </pre>
        </div>
      ))}
    </Scrollable>
  );
}
