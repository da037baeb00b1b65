import { useState } from 'preact/hooks';
import type { State } from '../app.js';
import { Conversation } from '../playground/conversation.js';
import { Lane } from '../playground/lane.js';
import { useObserved } from '../ui/observed.js';
import { Chip } from '../ui/parts.js';
import { link } from '../ui/routing.js';
import type { Backend } from './backends.js';

interface RunningProps {
  readonly state: State | undefined;
  /** Version of the configuration that was saved. */
  readonly version: string;
  readonly backends: readonly Backend[];
  readonly onAnswered: () => void;
}

/** Whether the new replicas take requests, a first prompt, and where to go from here. */
export function Running({ state, version, backends, onAnswered }: RunningProps) {
  const [lane] = useState(() => new Lane(0, 'chat', state?.names[0] ?? 'auto'));
  const [prompt, setPrompt] = useState('Say hello in five languages.');
  useObserved(lane);
  if (state === undefined || state.version !== version) return <p class="hint">Starting with it…</p>;
  const origins = new Set(backends.map(({ url }) => new URL(url).origin));
  const replicas = state.replicas.filter(({ url }) => origins.has(new URL(url).origin));
  const ready = replicas.some(({ unavailable }) => unavailable === undefined);
  const { progress } = lane;
  return (
    <>
      <ul class="found" aria-label="Replicas">
        {replicas.map(({ id, health, unavailable }) => (
          <li key={id}>
            <span class="id">{id}</span>
            <Chip tone={unavailable !== undefined ? 'bad' : health === 'healthy' ? 'good' : 'warn'}>
              {unavailable ?? (health === 'unknown' ? 'being looked at' : health)}
            </Chip>
          </li>
        ))}
      </ul>
      <form
        class="ask"
        onSubmit={event => {
          event.preventDefault();
          lane.choose({ model: state.names[0] ?? 'auto' });
          void lane.ask(prompt, '', new Headers()).then(answered => {
            if (answered) onAnswered();
          });
        }}
      >
        <label class="field">
          <span>First prompt</span>
          <textarea rows={2} required value={prompt} onInput={event => setPrompt(event.currentTarget.value)} />
        </label>
        <div class="actions">
          <button type="submit" class="primary" disabled={!ready || lane.busy || prompt.trim() === ''}>
            Send
          </button>
          <span class="speed">{lane.speed}</span>
        </div>
      </form>
      {lane.turns.length === 0 ? undefined : <Conversation lane={lane} label="First conversation" />}
      {progress.stage === 'ended' ? (
        <p>
          <a href={link('requests', progress.id)}>Read why it went there</a>, or{' '}
          <a href={link('playground')}>go on in the playground</a>. Your applications ask at{' '}
          <code>{`${location.origin}/v1`}</code> with model <code>{state.names[0] ?? 'auto'}</code>.
        </p>
      ) : undefined}
    </>
  );
}
