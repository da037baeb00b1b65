import { useState } from 'preact/hooks';
import { type Answer, type ApiError, asApiError, call } from '../api/client.js';
import { Problems } from '../configuration/problems.js';
import { Restart } from '../configuration/restart.js';
import { Choice, ErrorNote, Loading } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { link } from '../ui/routing.js';
import { Scrollable } from '../ui/scrollable.js';
import { type Backend, proposed } from './backends.js';

interface ReviewProps {
  readonly backends: readonly Backend[];
  /** No file of one's own is in force yet. */
  readonly demonstration: boolean;
  readonly saved: Answer<'POST /api/configuration'> | undefined;
  readonly onSaved: (version: Answer<'POST /api/configuration'>) => void;
}

/** The weir.yaml that is proposed: shown whole, checked, and put in force with one click. */
export function Review({ backends, demonstration, saved, onSaved }: ReviewProps) {
  const [mode, setMode] = useState<'add' | 'new'>(demonstration ? 'new' : 'add');
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const [saving, setSaving] = useState(false);
  const body = { backends: proposed(backends), add: mode === 'add' };
  const proposal = useResource(`proposal ${JSON.stringify(body)}`, signal =>
    call('POST /api/discovery/proposal', { body, signal }),
  );
  const { value } = proposal;
  if (saved !== undefined) {
    return (
      <>
        <p>
          It is in force as version <code>{saved.version}</code>, written to <code class="id">{saved.source}</code>:
          yours to read, change and keep. <a href={link('configuration')}>Change it here</a>, or with any editor.
        </p>
        <Restart settings={saved.restart} />
      </>
    );
  }
  const wrong = (value?.check?.errors.length ?? 0) > 0;
  const save = async (): Promise<void> => {
    if (value === undefined) return;
    setSaving(true);
    setError(undefined);
    const { text, base } = value;
    try {
      const body = { text, note: 'set up in the dashboard', ...(base !== undefined && { base }) };
      onSaved(await call('POST /api/configuration', { body }));
    } catch (failure) {
      const error = asApiError(failure);
      setError(error);
      // Made anew of what is in force now, it can be read and saved.
      if (error.code === 'config.stale') proposal.reload();
    }
    setSaving(false);
  };
  return (
    <>
      {demonstration ? undefined : (
        <Choice
          legend="What to do with the configuration in force"
          name="proposal"
          value={mode}
          onChange={setMode}
          options={[
            ['add', 'Add to what is in force'],
            ['new', 'Begin anew'],
          ]}
        />
      )}
      {mode === 'add' ? (
        <p class="hint">
          Your decisions stay as they are. The new models can be asked for by name at once; name them in a decision to
          have Weir choose them.
        </p>
      ) : undefined}
      <ErrorNote error={proposal.error} retry={proposal.reload} />
      {value === undefined ? (
        proposal.error === undefined ? (
          <Loading what="Writing it" />
        ) : undefined
      ) : (
        <>
          <Scrollable className="proposal" label="Proposed weir.yaml">
            <pre>{value.text}</pre>
          </Scrollable>
          <Problems check={value.check} warnings={[]} />
          <ErrorNote error={error} />
          <div class="actions">
            <button type="button" class="primary" disabled={wrong || saving} onClick={() => void save()}>
              {saving ? 'Saving…' : 'Save and use it'}
            </button>
          </div>
        </>
      )}
    </>
  );
}
