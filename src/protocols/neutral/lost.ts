import { saysNothing } from './nothing-said.js';

/** Names one request may lose: more than any API has fields. */
const MOST_NAMES = 32;
const MOST_CHARS = 64;

/** What could not be carried over from one API to another, by the names the client used. Each name once, bounded. */
export class Lost {
  private readonly found = new Set<string>();

  add(name: string): void {
    if (this.found.size < MOST_NAMES) this.found.add(name.slice(0, MOST_CHARS).replace(/[^\w.[\]-]/g, '_'));
  }

  addAll(names: Iterable<string>): void {
    for (const name of names) this.add(name);
  }

  /** Adds the members of `body` that say something and that no `known` name covers. */
  addUnknown(body: Readonly<Record<string, unknown>>, known: ReadonlySet<string>, prefix = ''): void {
    for (const key in body) {
      if (!known.has(key) && !saysNothing(key, body[key])) this.add(prefix + key);
    }
  }

  get names(): readonly string[] {
    return [...this.found];
  }
}
