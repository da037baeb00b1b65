/** Texts whose vectors are kept; of 384 numbers each, 1.6 MB. */
const MOST_KEPT = 1024;
/** A longer text is embedded again each time: it would hold on to more memory than its vector. */
const LONGEST_TEXT = 4096;

/**
 * Vectors asked for lately or being computed, by their text; the least recently used go first. Failures are not kept.
 */
export class VectorCache {
  private readonly vectors = new Map<string, Promise<Float32Array>>();

  get(text: string): Promise<Float32Array> | undefined {
    const vector = this.vectors.get(text);
    if (vector === undefined) return undefined;
    this.vectors.delete(text);
    this.vectors.set(text, vector);
    return vector;
  }

  keep(text: string, vector: Promise<Float32Array>): void {
    if (text.length > LONGEST_TEXT) {
      vector.catch(() => {});
      return;
    }
    this.vectors.set(text, vector);
    if (this.vectors.size > MOST_KEPT) {
      for (const oldest of this.vectors.keys()) {
        this.vectors.delete(oldest);
        break;
      }
    }
    vector.catch(() => {
      if (this.vectors.get(text) === vector) this.vectors.delete(text);
    });
  }
}
