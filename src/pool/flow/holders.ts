/** How many places each tenant has, of a pool or of one replica. Only who has some is remembered. */
export class Holders {
  private readonly places = new Map<string, number>();

  /** Tenants that have places. */
  get size(): number {
    return this.places.size;
  }

  of(tenant: string): number {
    return this.places.get(tenant) ?? 0;
  }

  took(tenant: string): void {
    this.places.set(tenant, this.of(tenant) + 1);
  }

  gave(tenant: string): void {
    const left = this.of(tenant) - 1;
    if (left > 0) this.places.set(tenant, left);
    else this.places.delete(tenant);
  }
}
