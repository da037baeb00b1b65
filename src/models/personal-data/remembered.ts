import { createHmac, randomBytes } from 'node:crypto';

/**
 * What was found in texts of late, by a keyed hash of each: conversations send the same texts again with each turn, and nothing of a text is kept. The
 * least recently used go first.
 */
export class Remembered<Found> {
  private readonly known = new Map<string, Found>();
  private readonly secret = randomBytes(16);

  constructor(private readonly most: number) {}

  /** Takes time linear in the text: to be asked for once. */
  keyOf(text: string): string {
    return createHmac('sha256', this.secret).update(text).digest('base64');
  }

  recall(key: string): Found | undefined {
    const known = this.known.get(key);
    if (known === undefined) return undefined;
    this.known.delete(key);
    this.known.set(key, known);
    return known;
  }

  remember(key: string, found: Found): Found {
    if (this.known.size >= this.most) this.known.delete(this.known.keys().next().value!);
    this.known.set(key, found);
    return found;
  }
}
