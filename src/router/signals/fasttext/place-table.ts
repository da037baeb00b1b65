const SPREAD = 0x9e3779b1;

/** Finds the row of a hash's place among those that were kept: open addressing, at most half full. */
export class PlaceTable {
  /** Row + 1; 0 is empty. */
  private readonly rows: Int32Array;
  private readonly shift: number;

  constructor(private readonly kept: Int32Array) {
    const bits = Math.max(1, Math.ceil(Math.log2(2 * kept.length + 1)));
    this.rows = new Int32Array(2 ** bits);
    this.shift = 32 - bits;
    kept.forEach((place, row) => {
      this.rows[this.slotOf(place)] = row + 1;
    });
  }

  /** @returns -1 where the place was not kept. */
  rowOf(place: number): number {
    return (this.rows[this.slotOf(place)] as number) - 1;
  }

  /** Where the place is, or where it would go. */
  private slotOf(place: number): number {
    const rows = this.rows;
    let slot = Math.imul(place, SPREAD) >>> this.shift;
    for (;;) {
      const row = rows[slot] as number;
      if (row === 0 || this.kept[row - 1] === place) return slot;
      slot = (slot + 1) & (rows.length - 1);
    }
  }
}
