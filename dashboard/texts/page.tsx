import { useState } from 'preact/hooks';
import { type ApiError, asApiError, call } from '../api/client.js';
import type { Classification } from '../api/types.js';
import { ErrorNote, Loading, Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { HeadCard } from './head-card.js';
import { VerdictCard } from './verdict-card.js';

const KINDS = [
  'domain',
  'complexity',
  'factual',
  'feedback',
  'routes',
  'preferences',
  'knowledge',
  'jailbreak',
  'unsafe',
  'hazard',
  'pii',
] as const;
type Kind = (typeof KINDS)[number] | 'grounding';

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
  const [context, setContext] = useState('');
  const [said, setSaid] = useState<readonly Said[] | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | undefined>(undefined);
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const kinds: readonly Kind[] = context.trim() === '' ? KINDS : [...KINDS, 'grounding'];
      setSaid(await Promise.all(kinds.map(kind => classified(kind, text, context))));
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
        <label for="text">What a user, or a model, might write</label>
        <textarea
          id="text"
          rows={3}
          maxLength={65_536}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
        />
        <label for="context">As an answer: the texts that it must stay within (optional)</label>
        <textarea
          id="context"
          rows={2}
          maxLength={262_144}
          value={context}
          onInput={event => setContext(event.currentTarget.value)}
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

async function classified(kind: Kind, text: string, context: string): Promise<Said> {
  const against = kind === 'grounding' ? { context } : {};
  const { results } = await call('POST /api/classify', { body: { kind, texts: [text], ...against } });
  const [verdict] = results;
  const nothing = verdict === undefined || (Object.keys(verdict.scores).length === 0 && verdict.reason !== undefined);
  return { kind, verdict: nothing ? undefined : verdict, trouble: nothing ? verdict?.reason : undefined };
}
