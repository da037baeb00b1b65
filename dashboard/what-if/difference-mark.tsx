import type { WhatIfReport } from '../api/types.js';
import { score } from '../format.js';

interface DifferenceMarkProps {
  readonly verdict: WhatIfReport['metrics'][string]['verdict'];
  /** Relative to the first, as is the interval; `undefined` where the first is zero. */
  readonly middle: number | undefined;
  readonly interval: readonly number[] | undefined;
  /** What the edges stand for, so that all rows have one scale. */
  readonly widest: number;
}

const WIDTH = 160;
const HEIGHT = 16;
const EDGE = 6;

/** A relative difference and its interval as a dot on a line, around a line at zero; the same in figures beside it. */
export function DifferenceMark({ verdict, middle, interval: [low, high] = [], widest }: DifferenceMarkProps) {
  if (middle === undefined || low === undefined || high === undefined) return <span class="hint">–</span>;
  const x = (share: number) => WIDTH / 2 + (widest === 0 ? 0 : share / widest) * (WIDTH / 2 - EDGE);
  return (
    <span class={`difference ${verdict === 'not shown' ? 'open' : verdict}`}>
      <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        <line class="zero" x1={WIDTH / 2} x2={WIDTH / 2} y1="0" y2={HEIGHT} />
        <line x1={x(low)} x2={x(high)} y1={HEIGHT / 2} y2={HEIGHT / 2} />
        <circle cx={x(middle)} cy={HEIGHT / 2} r="4" />
      </svg>
      {`${middle > 0 ? '+' : middle < 0 ? '−' : ''}${score(100 * Math.abs(middle))} %`}
    </span>
  );
}
