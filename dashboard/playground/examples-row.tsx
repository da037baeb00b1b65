import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.js';
import type { Example } from './examples.js';
import { headersOf } from './headers.js';

interface ExamplesProps {
  readonly examples: readonly Example[];
  /** A name that asks for a decision; absent while the gateway has not said. */
  readonly model: string | undefined;
  /** Changes when another configuration is in force. */
  readonly version: string | undefined;
  readonly onChoose: (example: Example) => void;
}

/** Something to try, each with the decision that it would meet now. */
export function Examples({ examples, model, version, onChoose }: ExamplesProps) {
  const [decisions, setDecisions] = useState<Readonly<Record<string, string>>>({});
  useEffect(() => {
    setDecisions({});
    if (model === undefined) return;
    const stop = new AbortController();
    const label = async (): Promise<void> => {
      for (const { label: name, prompt, headers = '' } of examples) {
        try {
          const body = { model, messages: [{ role: 'user', content: prompt }] };
          const given = { body, headers: headersOf(headers), signal: stop.signal };
          const { decision } = await call('POST /api/explain', given);
          setDecisions(before => ({ ...before, [name]: decision }));
        } catch {
          // Only a hint: a request says what is wrong with it when it is sent.
          if (stop.signal.aborted) return;
        }
      }
    };
    void label();
    return () => stop.abort();
  }, [model, version, examples]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in.
    <div class="examples" role="group" aria-label="Examples">
      {examples.map(example => (
        <button key={example.label} type="button" onClick={() => onChoose(example)}>
          {example.label} <small>{decisions[example.label] === undefined ? '' : `→ ${decisions[example.label]}`}</small>
        </button>
      ))}
    </div>
  );
}
