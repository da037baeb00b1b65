/** A binary tree whose leaves are labels, frequent ones near the root; each inner node has a row of the output. */
export interface LabelTree {
  /** Children by node: leaves are `0 … labels - 1`, inner nodes follow. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly labels: number;
  readonly root: number;
}

/** The Huffman tree of labels that are sorted by falling count, as fastText builds it: of equal counts the inner node goes first. */
export function labelTree(counts: readonly number[]): LabelTree {
  const labels = counts.length;
  const nodes = 2 * labels - 1;
  const seen = new Float64Array(nodes).fill(Number.POSITIVE_INFINITY);
  seen.set(counts);
  const left = new Int32Array(nodes).fill(-1);
  const right = new Int32Array(nodes).fill(-1);
  let leaf = labels - 1;
  let inner = labels;
  const rarest = (): number => (leaf >= 0 && (seen[leaf] as number) < (seen[inner] as number) ? leaf-- : inner++);
  for (let node = labels; node < nodes; node++) {
    const [one, other] = [rarest(), rarest()];
    left[node] = one;
    right[node] = other;
    seen[node] = (seen[one] as number) + (seen[other] as number);
  }
  return { left, right, labels, root: nodes - 1 };
}
