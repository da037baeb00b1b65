/**
 * Randomness as a port: every part that draws is handed a source, and the same seed gives the same draws on every machine.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound). `bound` must be at least 1. */
  below(bound: number): number;
  /** Exponential with the given rate (events per unit of time): the gap to the next event of a Poisson process. */
  exponential(rate: number): number;
  /** An independent source, decided by this source's seed and `label` alone: drawing from one never shifts the other. */
  fork(label: string): Random;
}

/**
 * A seeded source: sfc32 (Chris Doty-Humphrey's PractRand), its state filled from the seed by splitmix32. Not for secrets.
 *
 * @param seed any integer; only its lower 32 bits count.
 */
export function seededRandom(seed: number): Random {
  return new Sfc32(seed >>> 0);
}

class Sfc32 implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(private readonly seed: number) {
    let state = seed;
    const draw = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.a = draw();
    this.b = draw();
    this.c = draw();
    for (let i = 0; i < 12; i++) this.next();
  }

  next(): number {
    return (this.bits() >>> 0) / 4_294_967_296;
  }

  /** Signed, so that no number is boxed. */
  private bits(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + sum) | 0;
    return sum;
  }

  below(bound: number): number {
    return Math.floor(((this.bits() >>> 0) / 4_294_967_296) * bound);
  }

  exponential(rate: number): number {
    return -Math.log(1 - this.next()) / rate;
  }

  fork(label: string): Random {
    let hash = this.seed ^ 0x811c9dc5;
    for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
    return new Sfc32(hash >>> 0);
  }
}
