import { useState } from 'preact/hooks';
import { numbers, Table } from '../ui/table.js';
import { momentLabel, ticks, timeLabel } from './scale.js';
import { useWidth } from './width.js';

/** One row of values over time; `undefined` where nothing was measured. */
export interface Series {
  readonly name: string;
  /** Class that gives it its colour and dash. */
  readonly kind: string;
  readonly values: readonly (number | undefined)[];
}

interface TimeChartProps {
  readonly title: string;
  readonly id: string;
  readonly at: readonly number[];
  readonly stepMs: number;
  readonly series: readonly Series[];
  /** Bars upon one another, or lines. */
  readonly form: 'bars' | 'lines';
  readonly format: (value: number) => string;
  readonly empty: string;
}

const HEIGHT = 170;
const LEFT = 52;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;

/**
 * Values over time as SVG of our own: colours are those of the page in both themes, every number can be had by mouse, by arrow keys and
 * as a table, and nothing needs an inline style. A chart library would give us a canvas without any of that.
 */
export function TimeChart(props: TimeChartProps) {
  const { title, id, at, stepMs, series, form, format, empty } = props;
  const [box, width] = useWidth();
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const sums = at.map((_, i) => series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0));
  const all = form === 'bars' ? sums : series.flatMap(({ values }) => values.map(value => value ?? 0));
  const most = Math.max(...all, 0);
  const marks = ticks(most);
  const top = marks.at(-1) ?? 1;
  const inner = Math.max(10, width - LEFT - RIGHT);
  const slot = inner / Math.max(1, at.length);
  const x = (i: number): number => LEFT + (i + 0.5) * slot;
  const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const move = (by: number): void =>
    setChosen(before => Math.max(0, Math.min(at.length - 1, (before ?? (by < 0 ? at.length : -1)) + by)));
  const shown = chosen === undefined ? undefined : at[chosen];
  return (
    <figure class="chart" aria-labelledby={`${id}-title`}>
      <figcaption>
        <h3 id={`${id}-title`}>{title}</h3>
        <ul class="chart-legend">
          {series.map(({ name, kind, values }) => (
            <li key={name}>
              <i class={kind} aria-hidden="true" />
              {name}
              {chosen === undefined ? undefined : (
                <b>{values[chosen] === undefined ? '–' : format(values[chosen] ?? 0)}</b>
              )}
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={box} class="chart-box">
        {most === 0 ? (
          <p class="chart-empty">{empty}</p>
        ) : (
          <div
            class="chart-plot"
            role="slider"
            tabIndex={0}
            aria-label={`${title}: arrow keys read it step by step`}
            aria-valuemin={0}
            aria-valuemax={at.length - 1}
            aria-valuenow={chosen ?? at.length - 1}
            aria-valuetext={reading(chosen ?? at.length - 1, props)}
            onMouseMove={event => {
              const { left } = event.currentTarget.getBoundingClientRect();
              const i = Math.floor((event.clientX - left - LEFT) / slot);
              setChosen(i >= 0 && i < at.length ? i : undefined);
            }}
            onMouseLeave={() => setChosen(undefined)}
            onBlur={() => setChosen(undefined)}
            onKeyDown={event => {
              if (event.key === 'ArrowLeft') move(-1);
              else if (event.key === 'ArrowRight') move(1);
              else if (event.key === 'Home') setChosen(0);
              else if (event.key === 'End') setChosen(at.length - 1);
              else return;
              event.preventDefault();
            }}
          >
            <svg width={width} height={HEIGHT} aria-hidden="true">
              {marks.map(mark => (
                <g key={mark} class="chart-mark">
                  <line x1={LEFT} x2={width - RIGHT} y1={y(mark)} y2={y(mark)} />
                  <text x={LEFT - 6} y={y(mark) + 4} text-anchor="end">
                    {mark === 0 ? '0' : format(mark)}
                  </text>
                </g>
              ))}
              {labelled(at.length, inner).map(i => (
                <text key={i} class="chart-time" x={x(i)} y={HEIGHT - 6} text-anchor="middle">
                  {timeLabel(at[i] ?? 0, stepMs)}
                </text>
              ))}
              {form === 'bars' ? (
                <Bars series={series} x={x} y={y} slot={slot} />
              ) : (
                series.map(one => <path key={one.name} class={`line ${one.kind}`} d={pathOf(one.values, x, y)} />)
              )}
              {chosen === undefined ? undefined : (
                <line class="chart-cursor" x1={x(chosen)} x2={x(chosen)} y1={TOP} y2={HEIGHT - BOTTOM} />
              )}
            </svg>
          </div>
        )}
      </div>
      <p class="chart-reading hint">{shown === undefined ? ' ' : momentLabel(shown, stepMs)}</p>
      {most === 0 ? undefined : <AsTable {...props} />}
    </figure>
  );
}

/** Pixels; a single step would otherwise be a wall. */
const WIDEST_BAR = 64;

interface BarsProps {
  readonly series: readonly Series[];
  readonly x: (i: number) => number;
  readonly y: (value: number) => number;
  readonly slot: number;
}

function Bars({ series, x, y, slot }: BarsProps) {
  const gap = slot > 5 ? 1.5 : 0.5;
  const wide = Math.max(1, Math.min(WIDEST_BAR, slot - gap));
  const length = series[0]?.values.length ?? 0;
  return (
    <>
      {Array.from({ length }, (_, i) => {
        let below = 0;
        return series.map(({ name, kind, values }) => {
          const value = values[i] ?? 0;
          if (value === 0) return undefined;
          const from = y(below);
          below += value;
          return (
            <rect
              key={`${name}${i}`}
              class={`bar ${kind}`}
              x={x(i) - wide / 2}
              width={wide}
              y={y(below)}
              height={Math.max(1, from - y(below))}
            />
          );
        });
      })}
    </>
  );
}

/** Joined where values follow one another; a single one is a short stroke. */
function pathOf(values: readonly (number | undefined)[], x: (i: number) => number, y: (v: number) => number): string {
  let path = '';
  let drawing = false;
  values.forEach((value, i) => {
    if (value === undefined) {
      drawing = false;
      return;
    }
    const alone = !drawing && values[i + 1] === undefined;
    path += `${drawing ? 'L' : 'M'}${(alone ? x(i) - 2 : x(i)).toFixed(1)} ${y(value).toFixed(1)}`;
    if (alone) path += `h4`;
    drawing = true;
  });
  return path;
}

/** Steps that get a label on the axis: as many as there is room for. */
function labelled(count: number, width: number): readonly number[] {
  const room = Math.max(2, Math.min(7, Math.floor(width / 90)));
  const every = Math.max(1, Math.ceil(count / room));
  return Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every).filter(i => i > 0 || count === 1);
}

function reading(i: number, { at, stepMs, series, format }: TimeChartProps): string {
  const said = series.map(({ name, values }) => `${name} ${values[i] === undefined ? 'none' : format(values[i] ?? 0)}`);
  return `${momentLabel(at[i] ?? 0, stepMs)}: ${said.join(', ')}`;
}

function AsTable({ title, at, stepMs, series, format }: TimeChartProps) {
  const [open, setOpen] = useState(false);
  const rows = at.map((_, i) => i).filter(i => series.some(({ values }) => (values[i] ?? 0) !== 0));
  return (
    <details class="chart-table" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {open ? (
        <Table
          label={`${title} as a table`}
          columns={['Time', ...numbers(...series.map(({ name }) => name))]}
          rows={rows}
        >
          {i => (
            <tr key={i}>
              <th scope="row">{momentLabel(at[i] ?? 0, stepMs)}</th>
              {series.map(({ name, values }) => (
                <td key={name} class="number">
                  {values[i] === undefined ? '–' : format(values[i] ?? 0)}
                </td>
              ))}
            </tr>
          )}
        </Table>
      ) : undefined}
    </details>
  );
}
