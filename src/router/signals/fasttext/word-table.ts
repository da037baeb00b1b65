import { FNV_BASIS, hashed } from './fnv.js';

/** Finds the row of a word by its bytes, where they stand in the model's file: no word is made a string. */
export class WordTable {
  private readonly begins: Int32Array;
  private readonly ends: Int32Array;
  /** Row + 1; 0 is empty. At most half full. */
  private readonly rows: Int32Array;
  /** Words added so far. */
  size = 0;

  constructor(
    private readonly file: Uint8Array,
    capacity: number,
  ) {
    this.begins = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
    this.rows = new Int32Array(2 ** Math.ceil(Math.log2(2 * capacity + 1)));
  }

  /**
   * Adds the word that begins there in the file and ends before a zero byte; its row is the number of words before it. Not to be called more
   * often than the capacity says.
   * @returns where the zero byte is; the file's length where there is none.
   */
  add(begin: number): number {
    let end = begin;
    while (end < this.file.length && this.file[end] !== 0) end++;
    const row = this.size++;
    this.begins[row] = begin;
    this.ends[row] = end;
    this.rows[this.slotOf(this.file, begin, end)] = row + 1;
    return end;
  }

  /** The row of the word at `[begin, end)` of some bytes; -1 where it is not known. */
  rowOf(bytes: Uint8Array, begin: number, end: number): number {
    return (this.rows[this.slotOf(bytes, begin, end)] as number) - 1;
  }

  private slotOf(bytes: Uint8Array, begin: number, end: number): number {
    const rows = this.rows;
    let hash = FNV_BASIS;
    for (let at = begin; at < end; at++) hash = hashed(hash, bytes[at] as number);
    for (let slot = hash & (rows.length - 1); ; slot = (slot + 1) & (rows.length - 1)) {
      const row = rows[slot] as number;
      if (row === 0 || this.isAt(row - 1, bytes, begin, end)) return slot;
    }
  }

  private isAt(row: number, bytes: Uint8Array, begin: number, end: number): boolean {
    const from = this.begins[row] as number;
    if ((this.ends[row] as number) - from !== end - begin) return false;
    for (let at = begin; at < end; at++) if (this.file[from + at - begin] !== bytes[at]) return false;
    return true;
  }
}
