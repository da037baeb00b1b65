import { useEffect, useState } from 'preact/hooks';
import { ApiError, call } from '../api/client.js';

const FAULT_SECONDS = 30;

/** Faults that a simulated replica can be told to have. `none` heals it. */
const FAULTS = [
  ['slow', 'slow'],
  ['stall', 'stall in mid-answer'],
  ['error', 'answer with an error'],
  ['cut', 'cut the stream'],
  ['hang_up', 'hang up'],
  ['none', 'none (heal)'],
] as const;

/** Makes a simulated replica misbehave for a while, to see what the gateway makes of it. */
export function FaultForm({ replica }: { replica: string }) {
  const [kind, setKind] = useState<string>('slow');
  const [said, setSaid] = useState<{ text: string; forMs: number } | undefined>(undefined);
  useEffect(() => {
    if (said === undefined) return;
    const timer = window.setTimeout(() => setSaid(undefined), said.forMs);
    return () => window.clearTimeout(timer);
  }, [said]);
  const inject = async (): Promise<void> => {
    try {
      const { faults } = await call('POST /api/replicas/{id}/faults', {
        params: { id: replica },
        body: { kind, for: `${FAULT_SECONDS}s` },
      });
      const now = `now: ${faults.map(fault => fault.kind).join(', ')}; ${kind} for ${FAULT_SECONDS} s`;
      setSaid(faults.length === 0 ? { text: 'healed', forMs: 3000 } : { text: now, forMs: FAULT_SECONDS * 1000 });
    } catch (error) {
      setSaid({ text: error instanceof ApiError ? error.message : String(error), forMs: 10_000 });
    }
  };
  return (
    <form
      class="fault"
      onSubmit={event => {
        event.preventDefault();
        void inject();
      }}
    >
      <select aria-label={`Fault for ${replica}`} value={kind} onChange={event => setKind(event.currentTarget.value)}>
        {FAULTS.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <button type="submit" class="small" aria-label={`Inject fault into ${replica}`}>
        Inject fault
      </button>
      <span class="hint" role="status">
        {said?.text ?? ''}
      </span>
    </form>
  );
}
