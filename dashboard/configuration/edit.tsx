import { useEffect, useReducer, useState } from 'preact/hooks';
import { type ApiError, asApiError, call } from '../api/client.js';
import { day } from '../format.js';
import { ErrorNote, Panel } from '../ui/parts.js';
import { Changes } from './changes.js';
import { drafted, draftOf, isEdited, isStale } from './draft.js';
import { Editor } from './editor.js';
import { Newer } from './newer.js';
import type { InForce } from './page.js';
import { Problems } from './problems.js';
import { Restart } from './restart.js';
import { type Checked, useChecking } from './use-checking.js';

interface EditProps {
  readonly inForce: InForce;
  readonly writable: boolean;
  /** What is in force is to be read again. */
  readonly reload: () => void;
}

/** The text of the configuration: changed, checked while it is typed, and put in force. */
export function Edit({ inForce, writable, reload }: EditProps) {
  // Events are taken in their order, each on what the one before has made: none is judged by what was last drawn.
  const [draft, tell] = useReducer(drafted<InForce>, inForce, draftOf);
  const [note, setNote] = useState('');
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const [applying, setApplying] = useState(false);
  const [line, setLine] = useState<{ line: number; column: number } | undefined>(undefined);
  useEffect(() => {
    tell({ kind: 'read', latest: inForce });
    setError(undefined);
  }, [inForce]);
  const { text, base, latest } = draft;
  const edited = isEdited(draft);
  const stale = isStale(draft) && !applying;
  const subject = { text, version: latest.version };
  const checking = useChecking(edited ? subject : undefined);
  const known = checking.answerTo(subject);
  const refused = known !== undefined && (known.check.errors.length > 0 || known.check.tests.failed.length > 0);
  const apply = async (): Promise<void> => {
    setApplying(true);
    setError(undefined);
    try {
      const why = note.trim() === '' ? {} : { note: note.trim() };
      const made = await call('POST /api/configuration', { body: { text, base: base.version, ...why } });
      const { version, at, author, restart } = made;
      tell({ kind: 'applied', as: { ...latest, text, version, at, author, restart } });
      setNote('');
      reload();
    } catch (wrong) {
      const failure = asApiError(wrong);
      setError(failure);
      const { check } = failure.detail;
      if (check !== undefined) checking.learn(subject, { changes: [], restart: [], ...known, check });
      if (failure.code === 'config.stale') reload();
    }
    setApplying(false);
  };
  return (
    <Panel
      title={latest.file === undefined ? 'weir.yaml' : (latest.file.split(/[\\/]/).pop() ?? latest.file)}
      id="edit"
      aside={
        <p class="hint">
          {latest.file === undefined ? 'The demonstration; put in force, it is written to weir.yaml' : latest.file} ·
          version <code>{latest.version}</code> of {day(latest.at)} by {latest.author}
        </p>
      }
    >
      {stale ? (
        <Newer
          base={base}
          latest={latest}
          onMine={() => tell({ kind: 'mine' })}
          onTheirs={() => tell({ kind: 'theirs' })}
        />
      ) : undefined}
      <div class="edit">
        <Editor text={text} readOnly={!writable} onChange={typed => tell({ kind: 'typed', text: typed })} at={line} />
        <div class="verdict">
          <p role="status" class="verdict-line" data-verdict>
            {!edited
              ? 'As in force'
              : known !== undefined
                ? verdictOf(known)
                : checking.error === undefined
                  ? 'Checking…'
                  : 'Not checked'}
          </p>
          {edited ? undefined : (
            <p class="hint">
              A change is checked while it is typed: what is wrong and where, which decisions could never be reached,
              whether the policy’s own tests pass, and what would change.
            </p>
          )}
          <ErrorNote error={error ?? (checking.error === undefined ? undefined : asApiError(checking.error))} />
          <Restart settings={edited ? (known?.restart ?? []) : latest.restart} />
          <Problems
            check={edited ? checking.found?.answer.check : undefined}
            warnings={latest.warnings}
            onChoose={problem => setLine({ line: problem.line, column: problem.column })}
          />
          {edited && checking.found?.subject.version === latest.version ? (
            <Changes
              hunks={checking.found.answer.changes}
              {...(stale ? { title: `What would change of version ${latest.version}` } : {})}
            />
          ) : undefined}
        </div>
      </div>
      {writable ? (
        <form
          class="actions apply"
          onSubmit={event => {
            event.preventDefault();
            void apply();
          }}
        >
          <label class="field note">
            <span>Why, for the history</span>
            <input type="text" value={note} maxLength={200} onInput={event => setNote(event.currentTarget.value)} />
          </label>
          <button
            type="submit"
            class="primary"
            disabled={!edited || stale || known === undefined || refused || applying}
          >
            {applying ? 'Putting in force…' : 'Put in force'}
          </button>
          <button type="button" disabled={!edited} onClick={() => tell({ kind: 'theirs' })}>
            Undo changes
          </button>
        </form>
      ) : (
        <p class="hint">Only an administrator may change it.</p>
      )}
    </Panel>
  );
}

function verdictOf({ check: { errors, warnings, tests } }: Checked): string {
  const parts = [errors.length > 0 ? `${errors.length} wrong` : 'Valid'];
  if (warnings.length > 0) parts.push(`${warnings.length} to think about`);
  if (tests.failed.length > 0) parts.push(`${tests.failed.length} of its tests fail`);
  else if (tests.passed > 0) parts.push(`its ${tests.passed} tests pass`);
  return parts.join(' · ');
}
