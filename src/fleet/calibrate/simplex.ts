/**
 * The least value of a function of several variables, by the simplex method of Nelder and Mead (1965) with its usual coefficients
 * (reflection 1, expansion 2, contraction and shrinking ½). Deterministic.
 *
 * @param steps how far the first simplex reaches from `start` in each variable.
 */
export function minimise(
  evaluate: (point: readonly number[]) => number,
  start: readonly number[],
  steps: readonly number[],
  evaluations = 200,
): readonly number[] {
  let left = evaluations;
  const at = (point: readonly number[]) => {
    left--;
    return { point, value: evaluate(point) };
  };
  const corners = [at(start), ...steps.map((step, i) => at(start.map((x, j) => (i === j ? x + step : x))))];
  const move = (centre: readonly number[], from: readonly number[], by: number) =>
    at(centre.map((x, i) => x + by * (x - from[i]!)));
  while (left > 0) {
    corners.sort((a, b) => a.value - b.value);
    const worst = corners.at(-1)!;
    const best = corners[0]!;
    if (Math.abs(worst.value - best.value) <= 1e-9 * (1 + Math.abs(best.value))) break;
    const others = corners.slice(0, -1);
    const centre = start.map((_, i) => others.reduce((sum, { point }) => sum + point[i]!, 0) / others.length);
    const reflected = move(centre, worst.point, 1);
    let better = reflected;
    if (reflected.value < best.value) {
      const expanded = move(centre, worst.point, 2);
      if (expanded.value < reflected.value) better = expanded;
    } else if (reflected.value >= others.at(-1)!.value) {
      const contracted = move(centre, reflected.value < worst.value ? reflected.point : worst.point, -0.5);
      if (contracted.value >= Math.min(reflected.value, worst.value)) {
        for (let i = 1; i < corners.length; i++) {
          corners[i] = at(corners[i]!.point.map((x, j) => (x + best.point[j]!) / 2));
        }
        continue;
      }
      better = contracted;
    }
    corners[corners.length - 1] = better;
  }
  return corners.reduce((best, corner) => (corner.value < best.value ? corner : best)).point;
}
