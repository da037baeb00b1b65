/** A symmetric matrix, row after row. */
export interface Square {
  readonly size: number;
  readonly values: Float64Array;
}

/** The products of all pairs. @param product symmetric. */
export function productsOf(count: number, product: (i: number, j: number) => number): Square {
  const values = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) values[i * count + j] = values[j * count + i] = product(i, j);
  }
  return { size: count, values };
}

/**
 * Kernel ridge regression (Saunders, Gammerman and Vovk, 1998): the `α` of `(K + λI) α = y` for each column of targets, by Cholesky's
 * decomposition. Time is the cube of the number of examples.
 *
 * @param chosen places of the examples in the kernel. @param ridge λ. @param targets numbers for the chosen, in their order.
 */
export function fitKernelRidge(
  kernel: Square,
  chosen: readonly number[],
  ridge: number,
  targets: readonly Float64Array[],
): readonly Float64Array[] {
  const count = chosen.length;
  const rows = chosen.map((i, row) => {
    const values = new Float64Array(row + 1);
    for (let column = 0; column <= row; column++) values[column] = kernel.values[i * kernel.size + chosen[column]!]!;
    values[row]! += ridge;
    return values;
  });
  for (let i = 0; i < count; i++) {
    const row = rows[i]!;
    for (let j = 0; j <= i; j++) {
      const other = rows[j]!;
      const sum = row[j]! - product(row, other, j);
      row[j] = i === j ? Math.sqrt(sum) : sum / other[j]!;
    }
  }
  return targets.map(target => {
    const solved = Float64Array.from(target);
    for (let i = 0; i < count; i++) {
      const row = rows[i]!;
      solved[i] = (solved[i]! - product(row, solved, i)) / row[i]!;
    }
    for (let i = count - 1; i >= 0; i--) {
      const value = solved[i]! / rows[i]![i]!;
      solved[i] = value;
      for (let k = 0; k < i; k++) solved[k]! -= rows[i]![k]! * value;
    }
    return solved;
  });
}

/** The inner product of the first `count` numbers, in four sums: a processor need not wait for one to add to another. */
function product(a: Float64Array, b: Float64Array, count: number): number {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  const whole = count - (count % 4);
  for (let i = 0; i < whole; i += 4) {
    first += a[i]! * b[i]!;
    second += a[i + 1]! * b[i + 1]!;
    third += a[i + 2]! * b[i + 2]!;
    fourth += a[i + 3]! * b[i + 3]!;
  }
  for (let i = whole; i < count; i++) first += a[i]! * b[i]!;
  return first + second + third + fourth;
}
