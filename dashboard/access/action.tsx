import { useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../api/client.js';

/** Something that is being done, and what went wrong with it. */
export interface Doing {
  readonly busy: boolean;
  readonly error: ApiError | undefined;
  run(work: () => Promise<void>): Promise<void>;
}

export function useDoing(): Doing {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  return {
    busy,
    error,
    async run(work) {
      setBusy(true);
      setError(undefined);
      try {
        await work();
      } catch (wrong) {
        setError(asApiError(wrong));
      }
      setBusy(false);
    },
  };
}

/** A button that asks once more before it does what cannot be undone. */
export function Confirmed(props: { label: string; about: string; question: string; onConfirm: () => void }) {
  const { label, about, question, onConfirm } = props;
  const [asked, setAsked] = useState(false);
  return asked ? (
    <button
      type="button"
      class="small danger"
      onBlur={() => setAsked(false)}
      onClick={() => {
        setAsked(false);
        onConfirm();
      }}
    >
      {question}
    </button>
  ) : (
    <button type="button" class="small" aria-label={`${label} ${about}`} onClick={() => setAsked(true)}>
      {label}
    </button>
  );
}
