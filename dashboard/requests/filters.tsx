import type { OutcomeStatus } from '../api/types.js';
import type { State } from '../app.js';
import { link, replacePlace } from '../ui/routing.js';

const STATUSES: readonly string[] = [
  'answered',
  'failed',
  'cut',
  'cancelled',
  'refused',
] satisfies readonly OutcomeStatus[];

/** Which requests are shown; it stands in the address, so that it can be passed on. */
export interface Filter extends Readonly<Record<string, string | undefined>> {
  readonly q?: string;
  readonly status?: OutcomeStatus;
  readonly model?: string;
  readonly decision?: string;
  readonly session?: string;
}

export function filterOf(query: URLSearchParams): Filter {
  const given = ['q', 'status', 'model', 'decision', 'session'].flatMap(name => {
    const value = query.get(name) ?? '';
    // An address may say anything; what is no status filters nothing.
    if (name === 'status' && !STATUSES.includes(value)) return [];
    return value === '' ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}

interface FiltersProps {
  readonly filter: Filter;
  readonly state: State | undefined;
  readonly part: string | undefined;
}

export function Filters({ filter, state, part }: FiltersProps) {
  const set = (name: keyof Filter & string, value: string): void =>
    replacePlace(link('requests', part, { ...filter, [name]: value }));
  const select = (name: 'status' | 'model' | 'decision', label: string, options: readonly string[]) => (
    <label class="field">
      <span>{label}</span>
      <select value={filter[name] ?? ''} onChange={event => set(name, event.currentTarget.value)}>
        <option value="">any</option>
        {options.map(option => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <search class="filters">
      <label class="field wide">
        <span>Find</span>
        <input
          type="search"
          value={filter.q ?? ''}
          placeholder="id, reason, caller, replica, error…"
          onChange={event => set('q', event.currentTarget.value)}
        />
      </label>
      {select('status', 'Status', STATUSES)}
      {select('model', 'Model', state?.models.map(({ name }) => name) ?? [])}
      {select('decision', 'Decision', [...(state?.decisions.map(({ name }) => name) ?? []), 'direct'])}
      {filter.session === undefined ? undefined : (
        <button type="button" onClick={() => set('session', '')}>
          All sessions
        </button>
      )}
    </search>
  );
}
