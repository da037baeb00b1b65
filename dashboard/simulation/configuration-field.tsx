import { useState } from 'preact/hooks';
import { type ApiError, asApiError, call } from '../api/client.js';
import type { ConfigVersion } from '../api/types.js';
import { day } from '../format.js';
import { ErrorNote } from '../ui/parts.js';
import { type Resource, useResource } from '../ui/resource.js';

/** The configurations that this gateway knows. */
export interface KnownConfigurations {
  readonly inForce: Resource<{ readonly text: string; readonly version: string }>;
  /** Newest first. */
  readonly versions: readonly ConfigVersion[];
}

/** Versions that are offered. */
const MOST_VERSIONS = 50;

export function useKnownConfigurations(): KnownConfigurations {
  const inForce = useResource('configuration', signal => call('GET /api/configuration', { signal }));
  const kept = useResource('versions', signal =>
    call('GET /api/configuration/versions', { query: { limit: MOST_VERSIONS }, signal }),
  );
  return { inForce, versions: kept.value?.versions ?? [] };
}

interface ConfigurationFieldProps {
  /** What is said of it while it is the one in force, and once it is another. */
  readonly titles: readonly [inForce: string, changed: string];
  /** Of the text. */
  readonly label: string;
  readonly open?: boolean;
  readonly known: KnownConfigurations;
  /** `undefined` is the configuration in force. */
  readonly text: string | undefined;
  readonly onChange: (text: string | undefined) => void;
}

/** A weir.yaml to be played: the one in force, until another version of it is chosen or something else is written. */
export function ConfigurationField({ titles, label, open, known, text, onChange }: ConfigurationFieldProps) {
  const { inForce, versions } = known;
  const [taken, setTaken] = useState<{ number: number; text: string } | undefined>(undefined);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const older = versions.filter(({ version }) => version !== inForce.value?.version);
  const asKept = taken !== undefined && taken.text === text;
  const take = async (chosen: string): Promise<void> => {
    setError(undefined);
    if (chosen === '') return onChange(undefined);
    try {
      const number = Number(chosen);
      const version = await call('GET /api/configuration/versions/{number}', { params: { number } });
      setTaken({ number, text: version.text });
      onChange(version.text);
    } catch (wrong) {
      setError(asApiError(wrong));
    }
  };
  return (
    <details class="simulated-file" open={open}>
      <summary>{text === undefined ? titles[0] : titles[1] + (asKept ? `, version ${taken.number}` : '')}</summary>
      <ErrorNote error={inForce.error} retry={inForce.reload} />
      <ErrorNote error={error} />
      {older.length === 0 ? undefined : (
        <label class="field">
          <span>Begin with</span>
          <select
            value={text === undefined ? '' : asKept ? String(taken.number) : 'written'}
            onChange={event => void take(event.currentTarget.value)}
          >
            <option value="">the configuration in force</option>
            {older.map(({ number, at, note, author }) => (
              <option key={number} value={String(number)}>
                version {number}, {day(at)}: {note === '' ? author : note}
              </option>
            ))}
            {text === undefined || asKept ? undefined : (
              <option value="written" disabled>
                as written below
              </option>
            )}
          </select>
        </label>
      )}
      <label class="field">
        <span>{label}</span>
        <textarea
          rows={14}
          spellcheck={false}
          value={text ?? inForce.value?.text ?? ''}
          onInput={event => onChange(event.currentTarget.value)}
        />
      </label>
      {text === undefined ? undefined : (
        <button type="button" onClick={() => onChange(undefined)}>
          As in force
        </button>
      )}
    </details>
  );
}
