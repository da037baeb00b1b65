import type { AdapterSettings } from '#pool/adapters-schema.js';
import type { AdapterState, AdapterView } from '#pool/placement/placer.js';

/**
 * Which LoRA adapters a replica has loaded, from what it was sent: engines keep a fixed number of adapters and let the one longest
 * unused go (vLLM's `max_loras`). Another gateway's requests are not seen, so this is a belief and not a fact.
 */
export class AdapterSlots implements AdapterView {
  private readonly known: ReadonlySet<string>;
  /** From least to most recently used; false until the first answer under an adapter has begun. */
  private readonly held = new Map<string, boolean>();

  constructor(private readonly settings: AdapterSettings) {
    this.known = new Set(settings.models);
  }

  sameAs(settings: AdapterSettings): boolean {
    return (
      settings.slots === this.settings.slots &&
      settings.models.length === this.known.size &&
      settings.models.every(model => this.known.has(model))
    );
  }

  state(model: string): AdapterState | undefined {
    if (!this.known.has(model)) return undefined;
    const loaded = this.held.get(model);
    if (loaded !== undefined) return loaded ? 'loaded' : 'loading';
    return this.held.size < this.settings.slots ? 'room' : 'full';
  }

  /** A request has been sent: its adapter is in use, and loaded first if it is not there. */
  sent(model: string): void {
    if (!this.known.has(model)) return;
    const loaded = this.held.get(model) ?? false;
    this.held.delete(model);
    if (this.held.size >= this.settings.slots) this.held.delete(this.held.keys().next().value!);
    this.held.set(model, loaded);
  }

  /** An answer has begun: its adapter is loaded. */
  answering(model: string): void {
    if (this.held.has(model)) this.held.set(model, true);
  }

  /** The engine restarted. */
  forget(): void {
    this.held.clear();
  }
}
