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
  'modality',
  'routes',
  'preferences',
  'knowledge',
  'language',
  'jailbreak',
  'injection',
  'unsafe',
  'hazard',
  'pii',
] as const;
type Kind = (typeof KINDS)[number] | 'grounding';

/** What one head, or a classifier of the operator's own, is asked for. */
interface Question {
  readonly kind: Kind | 'classifier';
  /** The name of the classifier. */
  readonly classifier?: string;
  /** The texts that an answer must stay within. */
  readonly context?: string;
}

interface Said {
  /** The kind, and of a classifier its name. */
  readonly name: string;
  readonly verdict: Classification | undefined;
  /** Why this kind says nothing, such as that there are no routes. */
  readonly trouble: string | undefined;
}

const EXAMPLE = 'Can my landlord evict me without notice?';

/** Try a text: what every head, and every classifier of the operator's own, makes of it, by what, and how good the heads are. */
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
      const own = heads.value?.classifiers ?? [];
      const questions: readonly Question[] = [
        ...KINDS.map(kind => ({ kind })),
        ...own.map(classifier => ({ kind: 'classifier' as const, classifier })),
        ...(context.trim() === '' ? [] : [{ kind: 'grounding' as const, context }]),
      ];
      setSaid(await Promise.all(questions.map(question => classified(question, text))));
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
          {said.map(({ name, verdict, trouble }) => (
            <VerdictCard key={name} kind={name} verdict={verdict} trouble={trouble} />
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

async function classified(question: Question, text: string): Promise<Said> {
  const { results } = await call('POST /api/classify', { body: { ...question, texts: [text] } });
  const [verdict] = results;
  const nothing = verdict === undefined || (Object.keys(verdict.scores).length === 0 && verdict.reason !== undefined);
  const { kind, classifier } = question;
  const name = classifier === undefined ? kind : `${kind} ${classifier}`;
  return { name, verdict: nothing ? undefined : verdict, trouble: nothing ? verdict?.reason : undefined };
}
