import { useState } from 'preact/hooks';
import { type ApiError, asApiError, call } from '../api/client.js';
import type { Classification } from '../api/types.js';
import { ErrorNote, Loading, Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { HeadCard } from './head-card.js';
import { VerdictCard } from './verdict-card.js';

const KINDS = ['domain', 'complexity', 'factual', 'feedback', 'routes'] as const;
type Kind = (typeof KINDS)[number];

interface Said {
  readonly kind: Kind;
  readonly verdict: Classification | undefined;
  /** Why this kind says nothing, such as that there are no routes. */
  readonly trouble: string | undefined;
}

const EXAMPLE = 'Can my landlord evict me without notice?';

/** Try a text: what every head makes of it, by what, and how good that head is. */
export function TextsPage() {
  const heads = useResource('heads', signal => call('GET /api/heads', { signal }));
  const [text, setText] = useState(EXAMPLE);
  const [said, setSaid] = useState<readonly Said[] | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      setSaid(await Promise.all(KINDS.map(kind => classified(kind, text))));
    } catch (wrong) {
      setError(asApiError(wrong));
    }
    setBusy(false);
  };
  return (
    <>
      <div class="page-head">
        <h1>Texts</h1>
      </div>
      <form class="text-form" onSubmit={event => void ask(event)}>
        <label for="text">What a user might write</label>
        <textarea
          id="text"
          rows={3}
          maxLength={65_536}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={busy || text.trim() === ''}>
          {busy ? 'Reading' : 'See what it is taken for'}
        </button>
      </form>
      <ErrorNote error={error} />
      {said === undefined ? undefined : (
        <div class="verdicts">
          {said.map(({ kind, verdict, trouble }) => (
            <VerdictCard key={kind} kind={kind} verdict={verdict} trouble={trouble} />
          ))}
        </div>
      )}
      <Panel title="How good the heads are" id="cards">
        <ErrorNote error={heads.error} retry={heads.reload} />
        {heads.value === undefined ? (
          heads.error === undefined ? (
            <Loading what="Reading the cards" />
          ) : undefined
        ) : (
          heads.value.heads.map(({ kind, card, trouble }) => (
            <HeadCard key={kind} kind={kind} card={card} trouble={trouble} />
          ))
        )}
      </Panel>
    </>
  );
}

async function classified(kind: Kind, text: string): Promise<Said> {
  const { results } = await call('POST /api/classify', { body: { kind, texts: [text] } });
  const [verdict] = results;
  const nothing = verdict === undefined || Object.keys(verdict.scores).length === 0;
  return { kind, verdict: nothing ? undefined : verdict, trouble: nothing ? verdict?.reason : undefined };
}
