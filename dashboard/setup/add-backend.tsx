import { useState } from 'preact/hooks';
import { type Answer, asApiError, call } from '../api/client.js';
import { type Backend, backendOf } from './backends.js';

interface Trouble {
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Any other server that speaks the API: its address, and where its key is kept. */
export function AddBackend({ onAdd }: { onAdd: (backend: Backend) => void }) {
  const [url, setUrl] = useState('');
  const [key, setKey] = useState('');
  const [variable, setVariable] = useState('');
  const [asking, setAsking] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | undefined>(undefined);
  const test = async (): Promise<void> => {
    setAsking(true);
    setTrouble(undefined);
    try {
      const body = { url: url.trim(), ...(key === '' ? {} : { api_key: key }) };
      const answer: Answer<'POST /api/discovery/test'> = await call('POST /api/discovery/test', { body });
      if (answer.reachable && answer.models.length > 0) {
        onAdd(backendOf(new URL(answer.url).host, answer.url, answer.models, variable.trim() || undefined));
        setUrl('');
        setKey('');
        setVariable('');
      } else setTrouble(answer.problem ?? { message: 'It answers, but offers no model.' });
    } catch (wrong) {
      const { message, detail } = asApiError(wrong);
      setTrouble({ message, hint: detail.hint });
    }
    setAsking(false);
  };
  return (
    <form
      class="add-backend"
      onSubmit={event => {
        event.preventDefault();
        void test();
      }}
    >
      <h3>Another server</h3>
      <label class="field">
        <span>Address</span>
        <input
          type="url"
          required
          placeholder="http://10.0.0.1:8000"
          value={url}
          onInput={event => setUrl(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>Key to test with, if it asks for one</span>
        <input type="password" autocomplete="off" value={key} onInput={event => setKey(event.currentTarget.value)} />
      </label>
      <label class="field">
        <span>Environment variable that will hold it</span>
        <input
          type="text"
          pattern="[A-Za-z_][A-Za-z0-9_]*"
          placeholder="MY_ENGINE_KEY"
          required={key !== ''}
          value={variable}
          onInput={event => setVariable(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={asking}>
        {asking ? 'Asking it…' : 'Test and add'}
      </button>
      {trouble === undefined ? undefined : (
        <div class="alert" role="alert">
          <p>{trouble.message}</p>
          {trouble.hint === undefined ? undefined : <p>{trouble.hint}</p>}
        </div>
      )}
    </form>
  );
}
