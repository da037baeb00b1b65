import { PAGE, PlainProducts, type RowProducts, vectorProducts } from './row-products.js';

/** A vector in whole steps of 16 bits. */
export interface SteppedVector {
  readonly numbers: Int16Array;
  /** What a step is worth. */
  readonly step: number;
}

/** Rows are filled up with zeros to a multiple of so many numbers: what is multiplied at a time. */
const AT_A_TIME = 16;
const SUM_MAX = 2 ** 31 - 1;

/** Memory that rows lie in. It grows and never shrinks, but what rows leave behind that nobody has any more is given to others of the same size. */
class RowMemory {
  private readonly left = new Map<number, number[]>();
  private readonly gone = new FinalizationRegistry<{ readonly at: number; readonly bytes: number }>(({ at, bytes }) => {
    this.left.set(bytes, [...(this.left.get(bytes) ?? []), at]);
  });
  private end = 0;

  constructor(readonly kernel: RowProducts) {}

  /** @returns where `owner` has so many bytes, all zero, for as long as it is. */
  of(owner: object, bytes: number): number {
    const at = this.left.get(bytes)?.pop() ?? this.more(bytes);
    new Uint8Array(this.kernel.buffer, at, bytes).fill(0);
    this.gone.register(owner, { at, bytes });
    return at;
  }

  private more(bytes: number): number {
    const at = this.end;
    const missing = at + bytes - this.kernel.buffer.byteLength;
    if (missing > 0) this.kernel.grow(Math.ceil(missing / PAGE));
    this.end = at + bytes;
    return at;
  }
}

let memory: RowMemory | undefined;

/** Rows of 8-bit numbers that vectors are multiplied with, where the machine does that fastest. */
export class ByteRows {
  private readonly memory: RowMemory;
  private readonly stride: number;
  /** Places in the memory: rows, then the vector, then the products. */
  private readonly rowsAt: number;
  private readonly vectorAt: number;
  private readonly productsAt: number;

  /** @param bytes `count` rows of `width` numbers, −128 to 127. @param kernel multiplies them; the machine's best unless said. */
  constructor(
    bytes: Uint8Array | Int8Array,
    readonly count: number,
    readonly width: number,
    kernel?: RowProducts,
  ) {
    memory ??= new RowMemory(vectorProducts() ?? new PlainProducts());
    this.memory = kernel === undefined ? memory : new RowMemory(kernel);
    this.stride = Math.max(1, Math.ceil(width / AT_A_TIME)) * AT_A_TIME;
    const { stride } = this;
    const products = Math.ceil(count / 4) * 16;
    this.rowsAt = this.memory.of(this, count * stride + 2 * stride + products);
    this.vectorAt = this.rowsAt + count * stride;
    this.productsAt = this.vectorAt + 2 * stride;
    const rows = new Uint8Array(this.memory.kernel.buffer, this.rowsAt, count * stride);
    const from = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let row = 0; row < count; row++) rows.set(from.subarray(row * width, (row + 1) * width), row * stride);
  }

  /**
   * The products of rows `from` up to `to` with a vector, as whole numbers.
   * @param numbers as many as a row has, so small that no sum leaves 32 bits ({@link stepped} sees to that). @returns a view, good until the next call.
   */
  products(numbers: ArrayLike<number>, from = 0, to = this.count): Int32Array {
    const { memory, stride, width, vectorAt, productsAt } = this;
    if (numbers.length !== width) throw new RangeError(`${numbers.length} numbers are not a row of ${width}`);
    const { kernel } = memory;
    new Int16Array(kernel.buffer, vectorAt, width).set(numbers);
    kernel.products(this.rowsAt + from * stride, to - from, stride, vectorAt, productsAt);
    return new Int32Array(kernel.buffer, productsAt, to - from);
  }
}

/**
 * A vector in the finest steps of 16 bits by which no product with a row leaves 32: the largest number is 32,767 of them, fewer for vectors of more than
 * 512 numbers. What is no number makes the step none.
 */
export function stepped(vector: Float32Array): SteppedVector {
  const count = vector.length;
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, Math.abs(vector[i]!));
  const most = Math.min(32_767, Math.floor(SUM_MAX / 128 / Math.max(1, count)));
  const step = largest === 0 ? 1 : largest / most;
  const perStep = 1 / step;
  const numbers = new Int16Array(count);
  for (let i = 0; i < count; i++) numbers[i] = Math.round(vector[i]! * perStep);
  return { numbers, step };
}
