import type { SweepCell } from './boundary-sweep.js';

export interface KeeperOptions {
  /** A move has to save more than this share of the cost: 0.05 unless said. */
  readonly margin?: number;
  /** And to have done so so many times in a row: 3 unless said. */
  readonly patience?: number;
}

/** The cheapest cell of a sweep; of equal ones that which compresses least, then the one with the lower boundary. */
export function cheapestCell(cells: readonly SweepCell[]): SweepCell | undefined {
  let best: SweepCell | undefined;
  for (const cell of cells) {
    if (best === undefined || isBetter(cell, best)) best = cell;
  }
  return best;
}

function isBetter(a: SweepCell, b: SweepCell): boolean {
  if (a.usdPerHour !== b.usdPerHour) return a.usdPerHour < b.usdPerHour;
  return a.gamma !== b.gamma ? a.gamma < b.gamma : a.boundary < b.boundary;
}

/**
 * FleetOpt's (B*, γ*) over time: the boundary and compression of the sweep before are kept until another pair has been cheaper than them by
 * more than the margin several sweeps in a row, so that noise in the workload moves no replicas (`wrp.md`, opportunity 17).
 */
export class BoundaryKeeper {
  private current: SweepCell | undefined;
  private dearer = 0;
  private readonly margin: number;
  private readonly patience: number;

  constructor({ margin = 0.05, patience = 3 }: KeeperOptions = {}) {
    this.margin = margin;
    this.patience = patience;
  }

  /**
   * Takes a new sweep over the same boundaries and factors.
   *
   * @returns the pair to use, as the new sweep sizes it; `undefined` for an empty sweep.
   */
  decide(cells: readonly SweepCell[]): SweepCell | undefined {
    const best = cheapestCell(cells);
    const { current } = this;
    const kept = cells.find(({ boundary, gamma }) => boundary === current?.boundary && gamma === current.gamma);
    if (best === undefined || kept === undefined) {
      this.current = best;
      this.dearer = 0;
      return best;
    }
    const saves = best.usdPerHour < (1 - this.margin) * kept.usdPerHour;
    this.dearer = saves ? this.dearer + 1 : 0;
    this.current = this.dearer >= this.patience ? best : kept;
    if (this.current === best) this.dearer = 0;
    return this.current;
  }
}
