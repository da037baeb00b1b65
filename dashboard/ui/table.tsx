import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { count } from '../format.js';
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

/** So many rows stand at once: more make a page slow, and nobody reads them. */
const STEP = 500;

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly (string | Column)[];
  readonly className?: string;
  readonly rows: readonly Row[];
  /** A row as its `tr`, with a key. */
  readonly children: (row: Row, i: number) => ComponentChildren;
}

/** A named table; where it is wider than its place, it scrolls within itself. The first rows of very many, and more when asked. */
export function Table<Row>({ label, columns, className = '', rows, children }: TableProps<Row>) {
  const [most, setMost] = useState(STEP);
  const [box, scrolls] = useScrolls<HTMLElement>();
  return (
    <>
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
          <tbody>{rows.slice(0, most).map(children)}</tbody>
        </table>
      </section>
      {rows.length <= most ? undefined : (
        <p class="more-line">
          {count(most)} of {count(rows.length)} rows are shown.{' '}
          <button type="button" onClick={() => setMost(most + STEP)}>
            {count(Math.min(STEP, rows.length - most))} more
          </button>
        </p>
      )}
    </>
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
