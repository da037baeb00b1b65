import { useState } from 'preact/hooks';
import type { Recommendation, Replica } from '../api/types.js';
import type { State } from '../app.js';
import { count, counted, duration, short } from '../format.js';
import { Chip, Panel, Share } from '../ui/parts.js';
import { link } from '../ui/routing.js';
import { conditionOf, inWords, running, shareText, shortName, wattsText } from './condition.js';

type Pool = State['pools'][number];

interface GroupProps {
  readonly pool: Pool;
  readonly replicas: readonly Replica[];
  /** The replica whose story is open. */
  readonly current: string | undefined;
  /** How many replicas it should have; absent until the gateway has looked. */
  readonly recommendation: Recommendation | undefined;
}

/** Keys that go from cell to cell, by how many. */
const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** A pool as a group of cells. One of them is a stop on the way of Tab; arrows go from there, as in any grid of many. */
export function PoolGroup({ pool, replicas, current, recommendation }: GroupProps) {
  const chosen = replicas.findIndex(({ id }) => id === current);
  const [stop, setStop] = useState(0);
  const at = Math.min(chosen >= 0 ? chosen : stop, replicas.length - 1);
  const move = (event: KeyboardEvent & { currentTarget: HTMLUListElement }): void => {
    const cells = [...event.currentTarget.querySelectorAll<HTMLElement>('a')];
    const from = cells.indexOf(event.target as HTMLElement);
    const step = STEPS[event.key];
    const to =
      step !== undefined ? from + step : event.key === 'Home' ? 0 : event.key === 'End' ? cells.length - 1 : -1;
    const cell = cells[to];
    if (from < 0 || cell === undefined) return;
    event.preventDefault();
    setStop(to);
    cell.focus();
  };
  return (
    <Panel
      id={`map-${pool.name}`}
      className="pool"
      title={
        <>
          {pool.name} <small>serves {pool.model}</small>
        </>
      }
      aside={
        <span class="chips">
          {recommendation?.replicas !== undefined && recommendation.replicas !== pool.available ? (
            <Chip tone={recommendation.replicas > pool.available ? 'warn' : 'plain'}>
              {counted(recommendation.replicas, 'replica')} recommended
            </Chip>
          ) : undefined}
          {pool.spilling ? <Chip tone="warn">spilling over</Chip> : undefined}
          {pool.queued > 0 ? <Chip tone="warn">{counted(pool.queued, 'request')} in line</Chip> : undefined}
          {pool.available === 0 ? <Chip tone="bad">no replica takes requests</Chip> : undefined}
        </span>
      }
    >
      <p class="hint">{summary(pool)}</p>
      {recommendation === undefined ? undefined : <p class="hint">{adviceText(recommendation)}</p>}
      <ul class="map-cells" onKeyDown={move}>
        {replicas.map((replica, i) => (
          <li key={replica.id}>
            <Cell replica={replica} current={replica.id === current} stops={i === at} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function summary({ inFlight, limit, queued, queueLength, oldestWaitMs, contextTokens, watts }: Pool): string {
  return [
    `${count(inFlight)} of ${counted(limit, 'place')} taken`,
    `${count(queued)} of ${count(queueLength)} in line${queued > 0 ? `, the first for ${duration(oldestWaitMs)}` : ''}`,
    `window ${short(contextTokens)}`,
    ...(watts > 0 ? [wattsText(watts)] : []),
  ].join(' · ');
}

function adviceText({ replicas, why }: Recommendation): string {
  return replicas === undefined ? `No number of replicas is recommended: ${why}` : `Recommended: ${replicas} (${why})`;
}

function Cell({ replica, current, stops }: { replica: Replica; current: boolean; stops: boolean }) {
  const { id, limit, waiting, kvShare, prefixShare, watts } = replica;
  const { word, tone } = conditionOf(replica);
  const places = Math.max(1, limit);
  return (
    <a
      class={`map-cell ${tone}`}
      href={link('map', id)}
      data-replica={id}
      aria-current={current ? 'true' : undefined}
      tabIndex={stops ? 0 : -1}
    >
      <span class="map-name" title={id}>
        {shortName(replica)}
      </span>
      <span class="map-word">{word}</span>
      <span class="map-figures" aria-hidden="true">
        <span class="map-places">
          <span class="running" style={{ width: width(running(replica) / places) }} />
          <span class="waiting" style={{ width: width(waiting / places) }} />
        </span>
        <span class="map-figure">
          {count(running(replica))} + {count(waiting)} / {count(limit)}
        </span>
        <Meter name="KV" share={kvShare} />
        <Meter name="prefix" share={prefixShare} kind="heat" />
        <span class="map-watts">{wattsText(watts)}</span>
      </span>
      <span class="unseen">{inWords(replica)}</span>
    </a>
  );
}

function Meter({ name, share, kind = '' }: { name: string; share: number | undefined; kind?: string }) {
  return (
    <span class={`map-meter ${kind}`}>
      <span>{name}</span>
      <Share value={share ?? 0} />
      <span class="map-figure">{shareText(share)}</span>
    </span>
  );
}

function width(share: number): string {
  return `${Math.min(1, Math.max(0, share)) * 100}%`;
}
