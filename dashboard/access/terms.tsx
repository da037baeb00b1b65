import type { Key } from '../api/types.js';
import { count, usd } from '../format.js';

/** What a key, team or user may: as the form has it, all of it text. */
export interface Terms {
  readonly models: string;
  readonly amount: string;
  readonly unit: 'usd' | 'tokens';
  readonly window: Budget['window'];
  readonly requestsPerMinute: string;
  readonly tokensPerMinute: string;
}

type Budget = Key['budgets'][number];

const WINDOWS: readonly Budget['window'][] = ['hour', 'day', 'week', 'month', 'total'];

export const NO_TERMS: Terms = {
  models: '',
  amount: '',
  unit: 'usd',
  window: 'month',
  requestsPerMinute: '',
  tokensPerMinute: '',
};

/** The terms as the API takes them; what was left empty is left out. */
export function termsOf({ models, amount, unit, window, requestsPerMinute, tokensPerMinute }: Terms) {
  const names = models.split(/[\s,]+/).filter(name => name !== '');
  const limits = {
    ...(requestsPerMinute === '' ? {} : { requestsPerMinute: Number(requestsPerMinute) }),
    ...(tokensPerMinute === '' ? {} : { tokensPerMinute: Number(tokensPerMinute) }),
  };
  return {
    ...(names.length === 0 ? {} : { models: names }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(amount === '' ? {} : { budgets: [{ unit, amount: Number(amount), window }] }),
  };
}

export function TermsFields({ terms, onChange }: { terms: Terms; onChange: (terms: Terms) => void }) {
  const bound = (name: 'amount' | 'requestsPerMinute' | 'tokensPerMinute', label: string) => (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        min={name === 'amount' ? 0 : 1}
        step={name === 'amount' ? 'any' : 1}
        placeholder="no bound"
        value={terms[name]}
        onInput={event => onChange({ ...terms, [name]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <>
      <label class="field">
        <span>Models, with commas</span>
        <input
          type="text"
          placeholder="all"
          value={terms.models}
          onInput={event => onChange({ ...terms, models: event.currentTarget.value })}
        />
      </label>
      {bound('amount', 'Budget')}
      <label class="field">
        <span>of</span>
        <select
          value={terms.unit}
          onChange={event => onChange({ ...terms, unit: event.currentTarget.value as Terms['unit'] })}
        >
          <option value="usd">US dollars</option>
          <option value="tokens">tokens</option>
        </select>
      </label>
      <label class="field">
        <span>in each</span>
        <select
          value={terms.window}
          onChange={event => onChange({ ...terms, window: event.currentTarget.value as Terms['window'] })}
        >
          {WINDOWS.map(window => (
            <option key={window} value={window}>
              {window === 'total' ? 'total, never reset' : window}
            </option>
          ))}
        </select>
      </label>
      {bound('requestsPerMinute', 'Requests a minute')}
      {bound('tokensPerMinute', 'Tokens a minute')}
    </>
  );
}

export function amountText(amount: number, unit: Budget['unit']): string {
  return unit === 'usd' ? usd(amount) : `${count(amount)} tokens`;
}

export function windowText(window: Budget['window']): string {
  return window === 'total' ? 'in total' : `a ${window}`;
}

/** What something may, in a line. */
export function allowanceText({ models, budgets, limits }: Pick<Key, 'models' | 'budgets' | 'limits'>): string {
  const { requestsPerMinute: rpm, tokensPerMinute: tpm, concurrency } = limits;
  return [
    models.length === 0 ? 'all models' : models.join(', '),
    ...budgets.map(({ amount, unit, window }) => `${amountText(amount, unit)} ${windowText(window)}`),
    ...(rpm === undefined ? [] : [`${count(rpm)} requests/min`]),
    ...(tpm === undefined ? [] : [`${count(tpm)} tokens/min`]),
    ...(concurrency === undefined ? [] : [`${count(concurrency)} at once`]),
  ].join(' · ');
}
