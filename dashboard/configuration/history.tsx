import { useState } from 'preact/hooks';
import { type ApiError, asApiError, call } from '../api/client.js';
import type { ConfigVersion, Hunk } from '../api/types.js';
import { day } from '../format.js';
import { Chip, Empty, ErrorNote } from '../ui/parts.js';
import { Changes } from './changes.js';

interface HistoryProps {
  readonly versions: readonly ConfigVersion[];
  readonly inForce: string | undefined;
  readonly writable: boolean;
  readonly rolledBack: () => void;
}

/** Every version that was in force: who made it, why, what it changed, and a way back. */
export function History({ versions, inForce, writable, rolledBack }: HistoryProps) {
  const [shown, setShown] = useState<{ number: number; hunks: readonly Hunk[] } | undefined>(undefined);
  const [asked, setAsked] = useState<number | undefined>(undefined);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  if (versions.length === 0) {
    return (
      <Empty title="No version kept yet">
        <p>Each configuration that comes into force, from here or from the file, is kept here with a way back.</p>
      </Empty>
    );
  }
  const current = versions.find(({ version }) => version === inForce)?.number;
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setError(undefined);
    try {
      await work();
    } catch (wrong) {
      setError(asApiError(wrong));
    }
  };
  const show = (number: number): Promise<void> =>
    attempt(async () => {
      if (shown?.number === number) return setShown(undefined);
      const { hunks } = await call('GET /api/configuration/difference', { query: { from: number } });
      setShown({ number, hunks });
    });
  const goBack = (to: number): Promise<void> =>
    attempt(async () => {
      const base = inForce === undefined ? {} : { base: inForce };
      await call('POST /api/configuration/rollback', { body: { to, ...base } });
      setAsked(undefined);
      setShown(undefined);
      rolledBack();
    });
  return (
    <>
      <ErrorNote error={error} />
      <ol class="versions-list">
        {versions.map(({ number, version, at, author, note, source }) => (
          <li key={number}>
            <div class="version-line">
              <b>{number}</b>
              <span class="version-note">
                {note === '' ? <span class="hint">{source}</span> : note}
                <small>
                  {day(at)} · {author} · <code>{version}</code>
                </small>
              </span>
              {number === current ? (
                <Chip tone="good">in force</Chip>
              ) : (
                <span class="actions">
                  <button
                    type="button"
                    class="small"
                    aria-expanded={shown?.number === number}
                    aria-label={`Changes since version ${number}`}
                    onClick={() => void show(number)}
                  >
                    Changes since
                  </button>
                  {!writable ? undefined : asked === number ? (
                    <button type="button" class="small danger" onClick={() => void goBack(number)}>
                      Yes, put {number} in force again
                    </button>
                  ) : (
                    <button
                      type="button"
                      class="small"
                      aria-label={`Go back to version ${number}`}
                      onClick={() => setAsked(number)}
                    >
                      Go back
                    </button>
                  )}
                </span>
              )}
            </div>
            {shown?.number === number ? (
              <Changes hunks={shown.hunks} title={`Changes since version ${number}`} />
            ) : undefined}
          </li>
        ))}
      </ol>
    </>
  );
}
