import { useState } from 'preact/hooks';
import type { ApiError } from '../api/client.js';
import { storedKey, storeKey } from '../api/key.js';

/** What a header can carry. A key that was copied where it is shortened has more. */
const CARRIED = /^[!-~]*$/;

interface SignInProps {
  /** Why the gateway let nobody in. */
  readonly error: ApiError;
  readonly onKey: () => void;
}

/** Asks for a key. It stays in this tab. */
export function SignIn({ error, onKey }: SignInProps) {
  const [key, setKey] = useState('');
  const refused = storedKey() !== undefined;
  return (
    <section class="panel sign-in" aria-labelledby="sign-in-title">
      <h1 id="sign-in-title">Sign in</h1>
      <p>
        This gateway asks who is calling. Give it a key that may look on, such as the one it printed at its first start.
      </p>
      {refused ? (
        <p class="alert" role="alert">
          {error.message}
        </p>
      ) : undefined}
      <form
        onSubmit={event => {
          event.preventDefault();
          storeKey(key.trim());
          setKey('');
          onKey();
        }}
      >
        <label class="field">
          <span>Key</span>
          <input
            type="password"
            required
            autocomplete="off"
            value={key}
            onInput={event => {
              const { currentTarget: input } = event;
              input.setCustomValidity(CARRIED.test(input.value.trim()) ? '' : 'A whole key: letters, digits and signs');
              setKey(input.value);
            }}
          />
        </label>
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
      <p class="hint">It is kept in this tab only, and forgotten when the tab is closed.</p>
    </section>
  );
}
