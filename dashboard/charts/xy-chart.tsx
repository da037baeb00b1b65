import { ticks } from './scale.js';
import { useWidth } from './width.js';

/** Points of one kind: joined by a line, or dots that say their names. */
export interface XySeries {
  readonly name: string;
  /** Class that gives it its colour. */
  readonly kind: string;
  readonly points: readonly (readonly number[])[];
  /** Of each point, where they are dots. */
  readonly names?: readonly string[];
}

interface XyChartProps {
  readonly title: string;
  readonly id: string;
  readonly xLabel: string;
  readonly series: readonly XySeries[];
  readonly format: (value: number) => string;
  readonly formatX: (value: number) => string;
  /** Powers of two along x. */
  readonly logarithmic?: boolean;
  readonly marks?: readonly { readonly at: number; readonly axis: 'x' | 'y'; readonly name: string }[];
  readonly empty: string;
}

const HEIGHT = 200;
const LEFT = 56;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 36;

/** Values over numbers that are no times. What it shows stands in a table beside it, so to who listens it is one picture with a name. */
export function XyChart(props: XyChartProps) {
  const [box, width] = useWidth();
  const { title, id, xLabel, series, format, formatX, logarithmic = false, marks = [], empty } = props;
  const points = series.flatMap(one => one.points);
  const xs = [...points.map(([x = 0]) => x), ...marks.filter(({ axis }) => axis === 'x').map(({ at }) => at)];
  const ys = [...points.map(([, y = 0]) => y), ...marks.filter(({ axis }) => axis === 'y').map(({ at }) => at)];
  const yTicks = ticks(Math.max(...ys, 0));
  const top = yTicks.at(-1) ?? 1;
  const bend = (value: number): number => (logarithmic ? Math.log2(Math.max(1, value)) : value);
  const [least, most] = [bend(Math.min(...xs)), bend(Math.max(...xs))];
  const spare = logarithmic || series.every(({ names }) => names === undefined) ? 0 : 0.08 * (most - least || 1);
  const [from, to] = [least - spare, most + spare];
  const x = (value: number): number => LEFT + ((bend(value) - from) / (to - from || 1)) * (width - LEFT - RIGHT);
  const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const floor = HEIGHT - BOTTOM;
  return (
    <figure class="chart" aria-labelledby={`${id}-title`}>
      <figcaption>
        <h3 id={`${id}-title`}>{title}</h3>
        <ul class="chart-legend">
          {series.map(({ name, kind }) => (
            <li key={name}>
              <i class={kind} aria-hidden="true" />
              {name}
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={box} class="chart-box">
        {points.length === 0 ? (
          <p class="chart-empty">{empty}</p>
        ) : (
          <svg width={width} height={HEIGHT} role="img" aria-label={`${title} over ${xLabel}`} class="xy">
            {yTicks.map(value => (
              <g key={value} class="chart-mark">
                <line x1={LEFT} x2={width - RIGHT} y1={y(value)} y2={y(value)} />
                <text x={LEFT - 6} y={y(value) + 4} text-anchor="end">
                  {format(value)}
                </text>
              </g>
            ))}
            {(logarithmic ? powers(from, to) : roundSteps(from, to)).map(value => (
              <text key={value} x={x(value)} y={floor + 15} text-anchor="middle">
                {formatX(value)}
              </text>
            ))}
            <text x={width - RIGHT} y={HEIGHT - 4} text-anchor="end">
              {xLabel}
            </text>
            {marks.map(({ at, axis, name }) => (
              <g key={name} class="chart-limit">
                {axis === 'y' ? (
                  <line x1={LEFT} x2={width - RIGHT} y1={y(at)} y2={y(at)} />
                ) : (
                  <line x1={x(at)} x2={x(at)} y1={TOP} y2={floor} />
                )}
                <text x={axis === 'y' ? LEFT + 4 : x(at) + 4} y={axis === 'y' ? y(at) - 4 : TOP + 10}>
                  {name}
                </text>
              </g>
            ))}
            {series.map(({ name, kind, points: own, names }) =>
              names === undefined ? (
                <path
                  key={name}
                  class={`line ${kind}`}
                  d={own
                    .map(([a = 0, b = 0], i) => `${i === 0 ? 'M' : 'L'}${x(a).toFixed(1)} ${y(b).toFixed(1)}`)
                    .join('')}
                />
              ) : (
                own.map(([a = 0, b = 0], i) => (
                  <circle key={names[i]} class={`dot ${kind}`} cx={x(a)} cy={y(b)} r={6}>
                    <title>{names[i]}</title>
                  </circle>
                ))
              ),
            )}
          </svg>
        )}
      </div>
    </figure>
  );
}

/** Of the range that steps are chosen for: neither end need be round, so that whole steps would be too few. */
const SHARE_OF_RANGE = 0.6;

/** Round values along x: two to six steps of 1, 2 or 5 times a power of ten. */
function roundSteps(from: number, to: number): readonly number[] {
  const step = ticks(SHARE_OF_RANGE * (to - from))[1] ?? 1;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first) + 1 }, (_, i) => (first + i) * step);
}

/** Powers of two between two exponents, at most seven. */
function powers(from: number, to: number): readonly number[] {
  const every = Math.max(1, Math.ceil((Math.floor(to) - Math.ceil(from)) / 6));
  const marks: number[] = [];
  for (let power = Math.ceil(from); power <= to; power += every) marks.push(2 ** power);
  return marks;
}
