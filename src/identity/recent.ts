/**
 * A map that remembers at least the last `size` values used, and at most twice as many: two generations, so that nothing need be
 * moved when one is used.
 */
export class RecentMap<Value> {
  private young = new Map<string, Value>();
  private old = new Map<string, Value>();

  constructor(private readonly size: number) {}

  get(name: string): Value | undefined {
    const value = this.young.get(name);
    if (value !== undefined) return value;
    const older = this.old.get(name);
    if (older !== undefined) this.set(name, older);
    return older;
  }

  set(name: string, value: Value): void {
    if (this.young.size >= this.size) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(name, value);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
  }
}
