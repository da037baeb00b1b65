import type { FlowFacts, Priority } from '#contract/flow.js';
import type { Bytes, Tokens } from '#contract/units.js';
import { DeficitRoundRobin, type Flow } from './deficit-round-robin.js';

/** Shares of service between bands that all have somebody waiting: nearly strict, and yet no band ever stands still. */
const BANDS: Readonly<Record<Priority, number>> = { high: 64, normal: 8, low: 1 };

/** One who waits, and the place it holds. */
export interface Waiting<T> {
  readonly value: T;
  readonly tokens: Tokens;
  readonly facts: FlowFacts;
  /** Leaves the queue, wherever in it. Leaving twice does nothing. */
  leave(): void;
}

/** What a queue holds. */
export interface Amount {
  readonly requests: number;
  readonly tokens: Tokens;
  readonly bytes: Bytes;
}

/**
 * Who waits for a pool: bands by priority, tenants within a band, both served by deficit round robin on tokens; of one tenant the
 * earliest due first, of equals who came first.
 */
export class FairQueue<T> {
  private readonly bands = new DeficitRoundRobin<Band<T>>();
  private readonly byName = new Map<Priority, Band<T>>();
  /** In order of coming. */
  private readonly all = new Set<Entry<T>>();
  private held = { requests: 0, tokens: 0, bytes: 0 };
  private arrivals = 0;

  get length(): number {
    return this.held.requests;
  }

  get amount(): Amount {
    return this.held;
  }

  /** Who has waited longest. */
  get oldest(): Waiting<T> | undefined {
    for (const entry of this.all) return entry;
    return undefined;
  }

  values(): Iterable<Waiting<T>> {
    return this.all;
  }

  push(value: T, tokens: Tokens, facts: FlowFacts): Waiting<T> {
    const entry = new Entry(value, Math.max(1, tokens), facts, this.arrivals++, gone => this.drop(gone));
    this.all.add(entry);
    this.count(entry, 1);
    this.enter(entry);
    return entry;
  }

  /**
   * Offers those who wait, in the order of service, until `full` says that there is no place left. Who takes one leaves and is charged
   * its tokens; who cannot use what is free lets the next have it, and keeps its place.
   *
   * @param offer whether the one it was offered to is served, or otherwise done with waiting.
   */
  serve(full: () => boolean, offer: (value: T) => boolean): void {
    const passed: Entry<T>[] = [];
    for (let band = this.bands.next(); band !== undefined && !full(); band = this.bands.next()) {
      const tenant = band.tenants.next();
      const entry = tenant?.entries[0];
      if (tenant === undefined || entry === undefined) break;
      if (offer(entry.value)) {
        band.tenants.charge(tenant, entry.tokens);
        this.bands.charge(band, entry.tokens);
        entry.leave();
      } else {
        this.exit(entry);
        passed.push(entry);
      }
    }
    for (const entry of passed) if (this.all.has(entry)) this.enter(entry);
  }

  /**
   * How many requests would be served before one more of a tenant: all of bands above its own, and of each tenant beside it in its band
   * as many as it would have waiting itself.
   */
  ahead({ tenant, priority }: Pick<FlowFacts, 'tenant' | 'priority'>): number {
    let count = 0;
    for (const band of this.bands.flows) {
      if (BANDS[band.priority] > BANDS[priority]) count += band.requests;
      else if (band.priority === priority) count += band.ahead(tenant);
    }
    return count;
  }

  /** Tokens that a tenant has waiting, in all bands. */
  tokensOf(tenant: string): Tokens {
    let tokens = 0;
    for (const band of this.bands.flows) tokens += band.byTenant.get(tenant)?.tokens ?? 0;
    return tokens;
  }

  /**
   * Who should make room for a newcomer, one after the other, until `enough` says so of what is left: of the lowest band, up to the newcomer's
   * own, the tenant with most tokens waiting, and of that the last due. `undefined` when the newcomer itself would be the one with most before
   * there is room: then nobody has to go.
   */
  victims(
    { tenant, priority }: FlowFacts,
    tokens: Tokens,
    enough: (left: Amount) => boolean,
  ): readonly Waiting<T>[] | undefined {
    const going = new Map<Tenant<T>, { requests: number; tokens: Tokens }>();
    const victims: Entry<T>[] = [];
    const left = { ...this.held };
    while (!enough(left)) {
      const heaviest = this.heaviest(tenant, priority, tokens, going);
      if (heaviest === undefined) return undefined;
      const gone = going.get(heaviest) ?? { requests: 0, tokens: 0 };
      const entry = heaviest.entries.at(-1 - gone.requests)!;
      going.set(heaviest, { requests: gone.requests + 1, tokens: gone.tokens + entry.tokens });
      victims.push(entry);
      left.requests -= 1;
      left.tokens -= entry.tokens;
      left.bytes -= entry.facts.bytes;
    }
    return victims;
  }

  /** The tenant that has to make room, when so many tokens of some are about to go; `undefined` when it is the newcomer's. */
  private heaviest(
    newcomer: string,
    priority: Priority,
    tokens: Tokens,
    going: ReadonlyMap<Tenant<T>, { readonly tokens: Tokens }>,
  ): Tenant<T> | undefined {
    const bands = [...this.bands.flows].sort((a, b) => a.weight - b.weight);
    for (const band of bands) {
      if (band.weight > BANDS[priority]) return undefined;
      let heaviest: Tenant<T> | undefined;
      let most = 0;
      for (const other of band.tenants.flows) {
        const has = other.tokens - (going.get(other)?.tokens ?? 0);
        if (has > most) [heaviest, most] = [other, has];
      }
      if (heaviest === undefined) continue;
      if (band.priority !== priority) return heaviest;
      const own = tokens + (band.byTenant.get(newcomer)?.tokens ?? 0);
      return heaviest.name !== newcomer && most > own ? heaviest : undefined;
    }
    return undefined;
  }

  private enter(entry: Entry<T>): void {
    const { priority } = entry.facts;
    let band = this.byName.get(priority);
    if (band === undefined) {
      band = new Band(priority);
      this.byName.set(priority, band);
    }
    if (band.requests === 0) {
      band.enter(entry);
      this.bands.add(band);
    } else band.enter(entry);
  }

  private exit(entry: Entry<T>): void {
    const band = this.byName.get(entry.facts.priority);
    if (band === undefined || !band.exit(entry)) return;
    if (band.requests === 0) this.bands.remove(band);
  }

  private drop(entry: Entry<T>): void {
    if (!this.all.delete(entry)) return;
    this.count(entry, -1);
    this.exit(entry);
  }

  private count({ tokens, facts }: Entry<T>, sign: 1 | -1): void {
    this.held.requests += sign;
    this.held.tokens += sign * tokens;
    this.held.bytes += sign * facts.bytes;
  }
}

class Entry<T> implements Waiting<T> {
  constructor(
    readonly value: T,
    readonly tokens: Tokens,
    readonly facts: FlowFacts,
    readonly number: number,
    private readonly left: (entry: Entry<T>) => void,
  ) {}

  leave(): void {
    this.left(this);
  }
}

/** The requests of one tenant in one band. */
class Tenant<T> implements Flow {
  readonly weight = 1;
  deficit: Tokens = 0;
  tokens: Tokens = 0;
  /** Earliest due first. */
  readonly entries: Entry<T>[] = [];

  constructor(readonly name: string) {}

  get cost(): Tokens {
    return this.entries[0]!.tokens;
  }

  /** Where an entry is, or belongs. */
  place(entry: Entry<T>): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.entries[middle]!, entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

class Band<T> implements Flow {
  readonly weight: number;
  deficit: Tokens = 0;
  requests = 0;
  readonly tenants = new DeficitRoundRobin<Tenant<T>>();
  readonly byTenant = new Map<string, Tenant<T>>();

  constructor(readonly priority: Priority) {
    this.weight = BANDS[priority];
  }

  get cost(): Tokens {
    return this.tenants.next()?.cost ?? 0;
  }

  enter(entry: Entry<T>): void {
    const { tenant: name } = entry.facts;
    let tenant = this.byTenant.get(name);
    const known = tenant !== undefined;
    tenant ??= new Tenant(name);
    tenant.entries.splice(tenant.place(entry), 0, entry);
    tenant.tokens += entry.tokens;
    this.requests++;
    if (known) return;
    this.byTenant.set(name, tenant);
    this.tenants.add(tenant);
  }

  /** @returns whether it was there. */
  exit(entry: Entry<T>): boolean {
    const tenant = this.byTenant.get(entry.facts.tenant);
    const at = tenant?.place(entry) ?? 0;
    if (tenant === undefined || tenant.entries[at] !== entry) return false;
    tenant.entries.splice(at, 1);
    tenant.tokens -= entry.tokens;
    this.requests--;
    if (tenant.entries.length > 0) return true;
    this.byTenant.delete(tenant.name);
    this.tenants.remove(tenant);
    return true;
  }

  ahead(tenant: string): number {
    const own = this.byTenant.get(tenant)?.entries.length ?? 0;
    let count = own;
    for (const other of this.tenants.flows) {
      if (other.name !== tenant) count += Math.min(other.entries.length, own + 1);
    }
    return count;
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.facts.dueAt < b.facts.dueAt || (a.facts.dueAt === b.facts.dueAt && a.number < b.number);
}
