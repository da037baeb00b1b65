import { useEffect, useRef, useState } from 'preact/hooks';
import type { IssuedKey } from '../api/types.js';

/** A new key's secret: shown this once, and gone when it is put away. */
export function Secret({ issued: { key, secret }, onDone }: { issued: IssuedKey; onDone: () => void }) {
  const [said, setSaid] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), [secret]);
  const copy = async (): Promise<void> => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(secret);
      setSaid('Copied.');
    } catch {
      setSaid('This browser lets no page copy here; it is selected: press Ctrl or ⌘ + C.');
    }
  };
  return (
    <section class="panel secret" aria-labelledby="secret-title">
      <h2 id="secret-title">The secret of {key.name}</h2>
      <p>It is shown this once: Weir keeps only a fingerprint of it. Put it where your application finds it.</p>
      <div class="actions">
        <input ref={field} type="text" readOnly value={secret} aria-label="Secret" class="id" />
        <button type="button" class="primary" onClick={() => void copy()}>
          Copy
        </button>
        <button type="button" onClick={onDone}>
          I have it
        </button>
      </div>
      <p class="hint" role="status">
        {said}
      </p>
    </section>
  );
}
