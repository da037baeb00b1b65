/**
 * A share of one as a percentage. What rounds to all or to nothing without being it is said to be more or less than the last
 * figure before: `> 99.999 %`, `< 0.1 %`.
 *
 * @param digits behind the point, at least one.
 */
export function shareText(share: number, digits: number): string {
  const step = 10 ** -digits;
  const rounded = (100 * share).toFixed(digits);
  if (share < 1 && Number(rounded) >= 100) return `> ${(100 - step).toFixed(digits)} %`;
  if (share > 0 && Number(rounded) === 0) return `< ${step.toFixed(digits)} %`;
  return `${rounded} %`;
}
