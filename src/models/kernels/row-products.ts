import { ROW_PRODUCTS } from './row-products-code.js';

/** Multiplies rows of 8-bit numbers with a vector of 16-bit numbers, all of them in its memory. */
export interface RowProducts {
  readonly buffer: ArrayBuffer;
  /** Makes {@link buffer} larger; what was in it stays, views of the old one do not. */
  grow(pages: number): void;
  /**
   * `out[i] = Σ row[i]·vector` for `count` rows of `width` bytes, one after the other. `width` is a multiple of 16; `row`, `vector` and `out` are
   * places in the buffer, the last two at multiples of 4 bytes. Sums have to fit 32 bits.
   */
  products(row: number, count: number, width: number, vector: number, out: number): void;
}

/** As much of WebAssembly's JavaScript interface as is used here: the types of Node name none of it. */
interface WebAssemblyApi {
  validate(code: Uint8Array): boolean;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: RowProductsCode };
}

/** What row-products.wat exports. */
interface RowProductsCode {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly products: RowProducts['products'];
}

/** Bytes of a page of memory (WebAssembly Core Specification, 4.2.8). */
export const PAGE = 65_536;

/** The vector instructions of WebAssembly: eight products at a time. @returns nothing where the machine has none, or WebAssembly is off. */
export function vectorProducts(): RowProducts | undefined {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyApi };
  const code = Buffer.from(ROW_PRODUCTS, 'base64');
  if (WebAssembly?.validate(code) !== true) return undefined;
  const { memory, products } = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
  return {
    get buffer() {
      return memory.buffer;
    },
    grow: pages => void memory.grow(pages),
    products,
  };
}

/** The same, bit for bit, one product at a time. */
export class PlainProducts implements RowProducts {
  buffer = new ArrayBuffer(0);

  grow(pages: number): void {
    const larger = new ArrayBuffer(this.buffer.byteLength + pages * PAGE);
    new Uint8Array(larger).set(new Uint8Array(this.buffer));
    this.buffer = larger;
  }

  products(row: number, count: number, width: number, vector: number, out: number): void {
    const rows = new Int8Array(this.buffer, row, count * width);
    const numbers = new Int16Array(this.buffer, vector, width);
    const sums = new Int32Array(this.buffer, out, count);
    for (let at = 0; at < count; at++) {
      let sum = 0;
      // `| 0` keeps the sum an integer of the processor's.
      for (let i = 0; i < width; i++) sum = (sum + rows[at * width + i]! * numbers[i]!) | 0;
      sums[at] = sum;
    }
  }
}
