import { html, type Markup } from './markup.js';

const WIDTH = 480;
const HEIGHT = 240;
const LEFT = 52;
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 40;

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Dot {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** Of another colour than the others. */
  readonly chosen: boolean;
}

interface Axes {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Powers of ten along x. */
  readonly logarithmic?: boolean;
  /** Limits that are drawn across. */
  readonly marks?: readonly { readonly at: number; readonly axis: 'x' | 'y'; readonly name: string }[];
}

/** Lines over two axes, as SVG; the reader's colours. */
export function lines(axes: Axes, series: readonly Line[]): Markup {
  const points = series.flatMap(one => one.points);
  const scale = scaleOf(axes, points);
  return figure(
    axes,
    scale,
    series.map((one, i) => {
      const path = one.points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${round(scale.x(x))} ${round(scale.y(y))}`);
      return html`<path class="s${i % 4}" d="${path.join('')}"><title>${one.name}</title></path>`;
    }),
    series.length < 2 ? [] : series.map(({ name }) => name),
  );
}

/** Dots over two axes, as SVG; each says its name to who points at it. */
export function dots(axes: Axes, all: readonly Dot[]): Markup {
  const scale = scaleOf(
    axes,
    all.map(({ x, y }) => [x, y] as const),
  );
  const drawn = all.map(
    ({ name, x, y, chosen }) =>
      html`<circle class="${chosen ? 's2' : 's0'}" cx="${round(scale.x(x))}" cy="${round(scale.y(y))}" r="${chosen ? 7 : 5}"><title>${name}</title></circle>`,
  );
  return figure(axes, scale, drawn, []);
}

/** Intervals beside a zero line, one row each, relative to the first of two things. */
export function intervals(
  title: string,
  rows: readonly {
    readonly name: string;
    readonly low: number;
    readonly middle: number;
    readonly high: number;
    readonly tone: 's0' | 's2' | 's3';
  }[],
): Markup {
  const row = 26;
  const height = rows.length * row + 30;
  const reach = Math.max(1e-9, ...rows.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]));
  const left = 190;
  const x = (value: number) => left + ((value / reach + 1) / 2) * (WIDTH - left - RIGHT);
  const label = (value: number) => `${value > 0 ? '+' : ''}${(100 * value).toPrecision(2)} %`;
  return html`<figure><figcaption>${title}</figcaption><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">
<line class="grid" x1="${round(x(0))}" x2="${round(x(0))}" y1="0" y2="${height - 24}"/>
${rows.map(({ name, low, middle, high, tone }, i) => {
  const y = i * row + 14;
  return html`<g class="${tone}"><text x="0" y="${y + 4}">${name}</text><line class="bar" x1="${round(x(low) - 1)}" x2="${round(x(high) + 1)}" y1="${y}" y2="${y}"/><circle class="${tone}" cx="${round(x(middle))}" cy="${y}" r="4"><title>${label(middle)} (${label(low)} to ${label(high)})</title></circle></g>`;
})}
<text x="${left}" y="${height - 6}">${label(-reach)}</text><text x="${round(x(0))}" y="${height - 6}" text-anchor="middle">0</text><text x="${WIDTH - RIGHT}" y="${height - 6}" text-anchor="end">${label(reach)}</text>
</svg></figure>`;
}

interface Scale {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
}

function scaleOf({ logarithmic = false, marks = [] }: Axes, points: readonly (readonly [number, number])[]): Scale {
  const along = (axis: 'x' | 'y') => marks.filter(mark => mark.axis === axis).map(({ at }) => at);
  let [left, right, top] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const x of [...points.map(([value]) => value), ...along('x')])
    [left, right] = [Math.min(left, x), Math.max(right, x)];
  for (const y of [...points.map(([, value]) => value), ...along('y')]) top = Math.max(top, y);
  if (!(right >= left)) [left, right] = [0, 1];
  const yTicks = ticks(0, top || 1);
  const across = (share: number) => LEFT + share * (WIDTH - LEFT - RIGHT);
  const up = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / yTicks.at(-1)!);
  if (logarithmic && left > 0) {
    const [from, to] = [Math.floor(Math.log10(left)), Math.ceil(Math.log10(right) + 1e-9)];
    const reach = Math.max(1, to - from);
    const xTicks = Array.from({ length: reach + 1 }, (_, i) => 10 ** (from + i));
    return { x: value => across((Math.log10(Math.max(value, 10 ** from)) - from) / reach), y: up, xTicks, yTicks };
  }
  const xTicks = ticks(left, right);
  const [first, last] = [xTicks[0]!, xTicks.at(-1)!];
  return { x: value => across((value - first) / (last - first || 1)), y: up, xTicks, yTicks };
}

/** Round values that hold a range: steps of 1, 2 or 5 times a power of ten, about four of them. */
function ticks(from: number, to: number): readonly number[] {
  const rough = (to - from || Math.abs(to) || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(candidate => candidate >= rough) ?? rough;
  const [first, last] = [Math.floor(from / step + 1e-9), Math.ceil(to / step - 1e-9)];
  return Array.from({ length: Math.max(1, last - first) + 1 }, (_, i) => (first + i) * step);
}

function figure(
  axes: Axes,
  { x, y, xTicks, yTicks }: Scale,
  drawn: readonly Markup[],
  legend: readonly string[],
): Markup {
  const floor = HEIGHT - BOTTOM;
  return html`<figure><figcaption>${axes.title}</figcaption>${
    legend.length === 0
      ? undefined
      : html`<ul class="legend">${legend.map((name, i) => html`<li class="s${i % 4}"><i></i>${name}</li>`)}</ul>`
  }<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${axes.title}: ${axes.y} over ${axes.x}">
${yTicks.map(value => html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y(value))}" y2="${round(y(value))}"/><text x="${LEFT - 6}" y="${round(y(value) + 4)}" text-anchor="end">${short(value)}</text>`)}
${xTicks.map(value => html`<text x="${round(x(value))}" y="${floor + 16}" text-anchor="middle">${short(value)}</text>`)}
${(axes.marks ?? []).map(({ at, axis, name }) =>
  axis === 'y'
    ? html`<line class="mark" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y(at))}" y2="${round(y(at))}"/><text x="${WIDTH - RIGHT}" y="${round(y(at) - 4)}" text-anchor="end">${name}</text>`
    : html`<line class="mark" x1="${round(x(at))}" x2="${round(x(at))}" y1="${TOP}" y2="${floor}"/><text x="${round(x(at) + 4)}" y="${TOP + 10}">${name}</text>`,
)}
${drawn}
<text x="${LEFT}" y="${HEIGHT - 4}">${axes.x}</text>
</svg><p class="soft">${axes.y}</p></figure>`;
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

export function short(value: number): string {
  if (value !== 0 && Math.abs(value) >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (Math.abs(value) >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}
