import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/client.js';
import { fieldName } from './field-names.js';

export type Tone = 'good' | 'warn' | 'bad' | 'plain' | 'accent';

/** A short state in a coloured frame. The word carries the meaning, the colour only repeats it. */
export function Chip({ tone = 'plain', children }: { tone?: Tone | undefined; children: ComponentChildren }) {
  return <span class={`chip ${tone}`}>{children}</span>;
}

type Fact = readonly [name: string, value: ComponentChildren | undefined];

/** A list of named facts; those without a value are left out. */
export function Facts({ entries, kind = 'facts' }: { entries: readonly Fact[]; kind?: string }) {
  return (
    <dl class={kind}>
      {entries.map(([name, value]) =>
        value === undefined ? undefined : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

/** A titled part of a page. */
export function Panel(props: {
  title: ComponentChildren;
  id: string;
  aside?: ComponentChildren;
  className?: string;
  children: ComponentChildren;
}) {
  const { title, id, aside, className = '', children } = props;
  return (
    <section class={`panel ${className}`} id={id} aria-labelledby={`${id}-title`}>
      <div class="title-line">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** What is wrong, with what would be right. */
export function ErrorNote({ error, retry }: { error: ApiError | undefined; retry?: (() => void) | undefined }) {
  if (error === undefined) return null;
  const { code, message, detail } = error;
  return (
    <div class="alert" role="alert">
      <p>
        {code === undefined ? '' : <code>{code}</code>} {message}
      </p>
      {detail.path === undefined && detail.hint === undefined ? undefined : (
        <p>
          {[detail.path === undefined ? '' : fieldName(detail.path), detail.hint ?? ''].filter(Boolean).join(' – ')}
        </p>
      )}
      {retry === undefined ? undefined : (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Stands where something will be. */
export function Loading({ what = 'Loading' }: { what?: string }) {
  return (
    <p class="loading" role="status">
      {what}…
    </p>
  );
}

/** Says why there is nothing, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** A few choices of which one holds. */
export function Choice<Value extends string>(props: {
  legend: string;
  name: string;
  options: readonly (readonly [value: Value, label: string])[];
  value: Value;
  onChange: (value: Value) => void;
}) {
  const { legend, name, options, value, onChange } = props;
  return (
    <fieldset class="choice">
      <legend class="unseen">{legend}</legend>
      {options.map(([option, label]) => (
        <label key={option}>
          <input type="radio" name={name} value={option} checked={option === value} onChange={() => onChange(option)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** A bar that shows a share of one; what it says stands beside it as text. */
export function Share({ value, className = '' }: { value: number; className?: string }) {
  const style = { width: `${Math.max(0, Math.min(1, value)) * 100}%` };
  return (
    <span class={`share ${className}`} aria-hidden="true">
      <span style={style} />
    </span>
  );
}
