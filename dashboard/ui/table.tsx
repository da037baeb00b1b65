import type { ComponentChildren } from 'preact';
import { useScrolls } from './scrollable.js';

/** The head of a column: its name, and of what kind its cells are. */
export interface Column {
  readonly name: string;
  readonly className?: string;
  /** Read out, but not shown. */
  readonly unseen?: boolean;
}

/** Columns of numbers. */
export function numbers(...names: readonly string[]): readonly Column[] {
  return names.map(name => ({ name, className: 'number' }));
}

/** Heads a column of buttons. */
export const ACTIONS: Column = { name: 'What can be done', unseen: true };

/** A named table; where it is wider than its place, it scrolls within itself. `children` are its rows. */
export function Table(props: {
  label: string;
  columns: readonly (string | Column)[];
  className?: string;
  children: ComponentChildren;
}) {
  const { label, columns, className = '', children } = props;
  const [box, scrolls] = useScrolls<HTMLElement>();
  return (
    <section
      ref={box}
      class="scroll"
      aria-label={scrolls ? `${label}, scrolls` : undefined}
      tabIndex={scrolls ? 0 : undefined}
    >
      <table class={`grid ${className}`}>
        <caption class="unseen">{label}</caption>
        <thead>
          <tr>
            {columns.map(column => (
              <Head key={typeof column === 'string' ? column : column.name} column={column} />
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

function Head({ column }: { column: string | Column }) {
  const { name, className, unseen = false } = typeof column === 'string' ? { name: column } : column;
  return (
    <th scope="col" class={className}>
      {unseen ? <span class="unseen">{name}</span> : name}
    </th>
  );
}
