import { useEffect, useRef, useState } from 'preact/hooks';
import { bench } from './bench.js';
import { headersOf } from './headers.js';

/** What to ask, and what goes along with it. */
export function AskForm() {
  const prompt = useRef<HTMLTextAreaElement>(null);
  const headers = useRef<HTMLTextAreaElement>(null);
  const [open, setOpen] = useState(bench.system !== '' || bench.headers !== '');
  const busy = bench.busy;
  const wasBusy = useRef(busy);
  useEffect(() => {
    if (bench.headers !== '') setOpen(true);
  }, [bench.headers !== '']);
  useEffect(() => {
    // Disabling a button drops the focus; whoever reads elsewhere by now keeps theirs.
    if (wasBusy.current && !busy && document.activeElement === document.body) {
      prompt.current?.focus({ preventScroll: true });
    }
    wasBusy.current = busy;
  }, [busy]);
  const submit = (): void => {
    if (busy || bench.prompt.trim() === '') return;
    let given: Headers;
    try {
      given = headersOf(bench.headers);
    } catch {
      setOpen(true);
      headers.current?.setCustomValidity('Each line must be a header: its name, a colon, its value.');
      headers.current?.reportValidity();
      return;
    }
    void bench.send(given);
  };
  return (
    <form
      class="ask"
      onSubmit={event => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={event => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        submit();
      }}
    >
      <label for="prompt" class="unseen">
        Prompt
      </label>
      <textarea
        id="prompt"
        ref={prompt}
        rows={4}
        required
        placeholder="Ask something…"
        value={bench.prompt}
        onInput={event => bench.draft({ prompt: event.currentTarget.value })}
      />
      <details class="more" open={open} onToggle={event => setOpen(event.currentTarget.open)}>
        <summary>System prompt and headers</summary>
        <label for="system">System prompt</label>
        <textarea
          id="system"
          rows={2}
          value={bench.system}
          onInput={event => bench.draft({ system: event.currentTarget.value })}
        />
        <label for="headers">Headers, one a line</label>
        <textarea
          id="headers"
          ref={headers}
          rows={2}
          spellcheck={false}
          placeholder="name: value"
          value={bench.headers}
          onInput={event => {
            event.currentTarget.setCustomValidity('');
            bench.draft({ headers: event.currentTarget.value });
          }}
        />
      </details>
      <div class="actions">
        <button type="submit" class="primary" disabled={busy}>
          Send
        </button>
        <button type="button" disabled={!busy} onClick={() => bench.stop()}>
          Stop
        </button>
        <button
          type="button"
          onClick={() => {
            bench.restart();
            prompt.current?.focus();
          }}
        >
          New conversation
        </button>
        <span class="hint keys">Ctrl or ⌘ + Enter sends</span>
      </div>
    </form>
  );
}
