import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type ApiError, sessionOf } from '../api/client.js';
import { beginAnew, storedKey, storeKey } from '../api/key.js';
import { useDoing } from './action.js';

/** What a header can carry. A key that was copied where it is shortened has more. */
const CARRIED = /^[!-~]*$/;

interface SignInProps {
  /** Why the gateway let nobody in. */
  readonly error: ApiError;
  /** Whose the page below is; absent while it is nobody's. */
  readonly person: string | undefined;
  readonly onEntered: () => void;
}

/**
 * Asks for a key, over the page: who comes back finds all as it was left, and somebody else none of it. The key stays in this tab.
 */
export function SignIn({ error, person, onEntered }: SignInProps) {
  const [key, setKey] = useState('');
  const { busy, error: wrong = storedKey() === undefined ? undefined : error, run } = useDoing();
  const dialog = useRef<HTMLDialogElement>(null);
  const show = (): void => {
    const { current } = dialog;
    if (current?.isConnected === true && !current.open) current.showModal();
  };
  useLayoutEffect(() => {
    const { current } = dialog;
    show();
    // Gives the focus back to where it was.
    return () => current?.close();
  }, []);
  const enter = async (): Promise<void> => {
    const given = key.trim();
    const session = await sessionOf(given);
    if (person !== undefined && session.person !== person) return beginAnew(given);
    storeKey(given);
    onEntered();
  };
  return (
    <dialog
      ref={dialog}
      class="panel sign-in"
      aria-labelledby="sign-in-title"
      onKeyDown={event => {
        if (event.key === 'Escape') event.preventDefault();
      }}
      onCancel={event => event.preventDefault()}
      // Browsers may close a dialog whatever it says, where they are asked to again and again.
      onClose={show}
    >
      <h1 id="sign-in-title">Sign in</h1>
      <p>
        {person === undefined
          ? 'This gateway asks who is calling. Give it a key that may look on, such as the one it printed at its first start.'
          : 'The gateway no longer takes the key of this tab. What you have written stays, and what you began goes on once you have signed in. Somebody else begins with an empty page.'}
      </p>
      {wrong === undefined ? undefined : (
        <p class="alert" role="alert">
          {wrong.message}
        </p>
      )}
      <form
        onSubmit={event => {
          event.preventDefault();
          void run(enter);
        }}
      >
        <label class="field">
          <span>Key</span>
          <input
            type="password"
            required
            autoFocus
            autocomplete="off"
            value={key}
            onInput={event => {
              const { currentTarget: input } = event;
              input.setCustomValidity(CARRIED.test(input.value.trim()) ? '' : 'A whole key: letters, digits and signs');
              setKey(input.value);
            }}
          />
        </label>
        <button type="submit" class="primary" disabled={busy}>
          Sign in
        </button>
      </form>
      <p class="hint">It is kept in this tab only, and forgotten when the tab is closed.</p>
    </dialog>
  );
}
