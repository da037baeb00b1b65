import { useEffect, useState } from 'preact/hooks';
import { type Answer, type ApiError, asApiError, call } from '../api/client.js';
import type { PageProps } from '../app.js';
import { day } from '../format.js';
import { ErrorNote, Loading, Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { Changes } from './changes.js';
import { Editor } from './editor.js';
import { History } from './history.js';
import { Problems } from './problems.js';

type InForce = Answer<'GET /api/configuration'>;
type Checked = Answer<'POST /api/configuration/check'>;

/** Typing is let come to rest before what was typed is checked. */
const CHECK_AFTER_MS = 400;

/** weir.yaml: read, changed, checked while it is typed, put in force, and gone back on. */
export function ConfigurationPage({ session, changed }: PageProps) {
  const inForce = useResource('configuration', signal => call('GET /api/configuration', { signal }));
  const versions = useResource('versions', signal =>
    call('GET /api/configuration/versions', { query: { limit: 50 }, signal }),
  );
  const reload = (): void => {
    inForce.reload();
    versions.reload();
    changed();
  };
  const writable = session?.role === 'admin';
  return (
    <>
      <h1>Configuration</h1>
      <ErrorNote error={inForce.error} retry={inForce.reload} />
      {inForce.value === undefined ? (
        inForce.error === undefined ? (
          <Loading what="Reading the configuration" />
        ) : undefined
      ) : (
        <Edit key={inForce.value.version} inForce={inForce.value} writable={writable} applied={reload} />
      )}
      <Panel title="History" id="history">
        <ErrorNote error={versions.error} />
        <History
          versions={versions.value?.versions ?? []}
          inForce={inForce.value?.version}
          writable={writable}
          rolledBack={reload}
        />
      </Panel>
    </>
  );
}

interface EditProps {
  readonly inForce: InForce;
  readonly writable: boolean;
  readonly applied: () => void;
}

function Edit({ inForce, writable, applied }: EditProps) {
  const [text, setText] = useState(inForce.text);
  const [note, setNote] = useState('');
  const [checked, setChecked] = useState<{ text: string; answer: Checked } | undefined>(undefined);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const [applying, setApplying] = useState(false);
  const [line, setLine] = useState<{ line: number; column: number } | undefined>(undefined);
  const edited = text !== inForce.text;

  useEffect(() => {
    if (!edited) {
      setChecked(undefined);
      setError(undefined);
      return;
    }
    const stop = new AbortController();
    const timer = window.setTimeout(() => {
      call('POST /api/configuration/check', { body: { text }, signal: stop.signal }).then(
        answer => {
          setChecked({ text, answer });
          setError(undefined);
        },
        (wrong: unknown) => {
          if (!stop.signal.aborted) setError(asApiError(wrong));
        },
      );
    }, CHECK_AFTER_MS);
    return () => {
      window.clearTimeout(timer);
      stop.abort();
    };
  }, [text, edited]);

  const known = checked?.text === text ? checked.answer : undefined;
  const check = checked?.answer.check;
  const refused = known !== undefined && (known.check.errors.length > 0 || known.check.tests.failed.length > 0);
  const apply = async (): Promise<void> => {
    setApplying(true);
    try {
      const why = note.trim() === '' ? {} : { note: note.trim() };
      await call('POST /api/configuration', { body: { text, base: inForce.version, ...why } });
      applied();
    } catch (wrong) {
      const failure = asApiError(wrong);
      setError(failure);
      if (failure.detail.check !== undefined) {
        setChecked({
          text,
          answer: { check: failure.detail.check, changes: known?.changes ?? [], restart: known?.restart ?? [] },
        });
      }
    }
    setApplying(false);
  };
  return (
    <Panel
      title={inForce.file === undefined ? 'weir.yaml' : (inForce.file.split(/[\\/]/).pop() ?? inForce.file)}
      id="edit"
      aside={
        <p class="hint">
          {inForce.file === undefined ? 'The demonstration; put in force, it is written to weir.yaml' : inForce.file} ·
          version <code>{inForce.version}</code> of {day(inForce.at)} by {inForce.author}
        </p>
      }
    >
      <div class="edit">
        <Editor text={text} readOnly={!writable} onChange={setText} at={line} />
        <div class="verdict">
          <p role="status" class="verdict-line" data-verdict>
            {!edited ? 'As in force' : known === undefined ? 'Checking…' : verdictOf(known)}
          </p>
          {edited ? undefined : (
            <p class="hint">
              A change is checked while it is typed: what is wrong and where, which decisions could never be reached,
              whether the policy’s own tests pass, and what would change.
            </p>
          )}
          <ErrorNote error={error} />
          <Problems
            check={edited ? check : undefined}
            warnings={inForce.warnings}
            onChoose={problem => setLine({ line: problem.line, column: problem.column })}
          />
          {edited && checked !== undefined ? <Changes hunks={checked.answer.changes} /> : undefined}
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
          <button type="submit" class="primary" disabled={!edited || known === undefined || refused || applying}>
            {applying ? 'Putting in force…' : 'Put in force'}
          </button>
          <button type="button" disabled={!edited} onClick={() => setText(inForce.text)}>
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
