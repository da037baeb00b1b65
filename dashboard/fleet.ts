import type { PoolState, State } from './api.js';
import { el, setText } from './dom.js';
import { counted, duration } from './format.js';
import { ReplicaCard } from './replica-card.js';

interface PoolSection {
  readonly element: HTMLElement;
  readonly load: HTMLElement;
  readonly cards: HTMLElement;
}

/** The fleet below: each pool with its replicas, kept up to date in place. */
export class Fleet {
  private readonly body = el('div');
  private readonly pools = new Map<string, PoolSection>();
  private readonly cards = new Map<string, ReplicaCard>();

  constructor(root: HTMLElement) {
    root.append(el('h2', { id: 'fleet-title' }, 'Fleet'), this.body);
  }

  update(state: State): void {
    this.keepOnly(new Set(state.pools.map(({ name }) => name)), new Set(state.replicas.map(({ id }) => id)));
    for (const pool of state.pools) {
      const section = this.pools.get(pool.name) ?? this.addPool(pool);
      setText(section.load, loadText(pool));
    }
    for (const replica of state.replicas) {
      let card = this.cards.get(replica.id);
      if (card === undefined) {
        card = new ReplicaCard(replica);
        this.cards.set(replica.id, card);
        this.pools.get(replica.pool)?.cards.append(card.element);
      }
      card.update(replica);
    }
  }

  private addPool(pool: PoolState): PoolSection {
    const load = el('p', { class: 'hint' });
    const cards = el('ul', { class: 'cards' });
    const title = el('h3', {}, pool.name, ' ', el('small', {}, `serves ${pool.model}`));
    const section = {
      element: el('section', { class: 'pool' }, el('div', { class: 'title-line' }, title, load), cards),
      load,
      cards,
    };
    this.pools.set(pool.name, section);
    this.body.append(section.element);
    return section;
  }

  private keepOnly(pools: ReadonlySet<string>, replicas: ReadonlySet<string>): void {
    for (const [id, card] of this.cards) {
      if (replicas.has(id)) continue;
      card.element.remove();
      this.cards.delete(id);
    }
    for (const [name, { element }] of this.pools) {
      if (pools.has(name)) continue;
      element.remove();
      this.pools.delete(name);
    }
  }
}

function loadText({ inFlight, limit, queued, available, placement, predictedWaitMs }: PoolState): string {
  const wait = queued > 0 && predictedWaitMs !== undefined ? `, a wait of about ${duration(predictedWaitMs)}` : '';
  return `${inFlight} of ${limit} places taken, ${queued} queued${wait} · ${counted(available, 'replica')} available · placement ${placement}`;
}
