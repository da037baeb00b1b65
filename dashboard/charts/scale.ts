/** Round steps from zero to at least `most`: 1, 2 or 5 times a power of ten, three or four of them. */
export function ticks(most: number): readonly number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(candidate => candidate >= rough) ?? rough;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}

const HOUR = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** A moment as an axis shows it: the hour, or the day where steps are long. */
export function timeLabel(at: number, stepMs: number): string {
  return stepMs >= 3_600_000 ? DATE.format(at) : HOUR.format(at);
}

/** A moment as a reading shows it. */
export function momentLabel(at: number, stepMs: number): string {
  return stepMs >= 3_600_000 ? `${DATE.format(at)}, ${HOUR.format(at)}` : HOUR.format(at);
}
