/** Columns that are multiplied at a time with others: what is read of each is used as often. */
const [TALL, WIDE] = [2, 4];

/**
 * The inner products of all pairs of columns, all of one length: a square matrix, row after row, of which the lower triangle and the diagonal are filled.
 * Eight at a time, since a processor reads numbers no faster than it multiplies them.
 */
export function pairProducts(columns: readonly Float32Array[]): Float64Array {
  const size = columns.length;
  const values = new Float64Array(size * size);
  const whole = size - (size % TALL);
  const eight = new Float64Array(TALL * WIDE);
  for (let i = 0; i < whole; i += TALL) {
    let j = 0;
    for (; j + WIDE <= i + 1; j += WIDE) {
      const [a, b] = [columns[i]!, columns[i + 1]!];
      eightProducts(a, b, columns[j]!, columns[j + 1]!, columns[j + 2]!, columns[j + 3]!, eight);
      values.set(eight.subarray(0, WIDE), i * size + j);
      values.set(eight.subarray(WIDE), (i + 1) * size + j);
    }
    for (; j <= i + 1; j++) {
      if (j <= i) values[i * size + j] = product(columns[i]!, columns[j]!);
      values[(i + 1) * size + j] = product(columns[i + 1]!, columns[j]!);
    }
  }
  for (let i = whole; i < size; i++) {
    for (let j = 0; j <= i; j++) values[i * size + j] = product(columns[i]!, columns[j]!);
  }
  return values;
}

/** The inner product, in four sums: a processor need not wait for one to add to another. */
export function product(a: Float32Array, b: Float32Array): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  const whole = a.length - (a.length % 4);
  for (let i = 0; i < whole; i += 4) {
    first += a[i]! * b[i]!;
    second += a[i + 1]! * b[i + 1]!;
    third += a[i + 2]! * b[i + 2]!;
    fourth += a[i + 3]! * b[i + 3]!;
  }
  for (let i = whole; i < a.length; i++) first += a[i]! * b[i]!;
  return first + second + third + fourth;
}

/** Products of `a`, then of `b`, with each of four. */
function eightProducts(
  a: Float32Array,
  b: Float32Array,
  c: Float32Array,
  d: Float32Array,
  e: Float32Array,
  f: Float32Array,
  into: Float64Array,
): void {
  let [ac, ad, ae, af] = [0, 0, 0, 0];
  let [bc, bd, be, bf] = [0, 0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    // Taken apart in one statement each, they would take three times as long.
    const x = a[at]!;
    const y = b[at]!;
    const z = c[at]!;
    const w = d[at]!;
    const v = e[at]!;
    const u = f[at]!;
    ac += x * z;
    ad += x * w;
    ae += x * v;
    af += x * u;
    bc += y * z;
    bd += y * w;
    be += y * v;
    bf += y * u;
  }
  into.set([ac, ad, ae, af, bc, bd, be, bf]);
}
