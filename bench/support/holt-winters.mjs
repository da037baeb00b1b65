// Holt and Winters' smoothing with an additive season of a day (Winters 1960), without trend: a control for `forecastByDay`. Level and season are smoothed with
// those of a grid that would have forecast the series so far best at the very same distance.

const LEVELS = [0.3, 0.5, 0.7, 0.9];
const SEASONS = [0.05, 0.15, 0.3];
/** Windows on either side that the first day is smoothed over to begin with. */
const AROUND = 3;

/** @returns what is forecast, or `undefined` before two days. */
export function holtWinters(series, ahead, day) {
  if (series.length < 2 * day) return undefined;
  let best;
  for (const level of LEVELS) {
    for (const season of SEASONS) {
      const tried = run(series, ahead, day, level, season);
      if (best === undefined || tried.error < best.error) best = tried;
    }
  }
  return Math.max(0, best.mean);
}

function run(series, ahead, day, alpha, gamma) {
  const mean = series.slice(0, day).reduce((sum, value) => sum + value, 0) / day;
  const seasons = Array.from({ length: day }, (_, i) => {
    let sum = 0;
    for (let j = -AROUND; j <= AROUND; j++) sum += series[(i + j + day) % day];
    return sum / (2 * AROUND + 1) - mean;
  });
  let level = series[day - 1] - seasons[day - 1];
  let [error, count] = [0, 0];
  for (let i = day; i < series.length; i++) {
    const at = i % day;
    const next = alpha * (series[i] - seasons[at]) + (1 - alpha) * level;
    seasons[at] = gamma * (series[i] - next) + (1 - gamma) * seasons[at];
    level = next;
    if (i + ahead >= series.length || i < 1.5 * day) continue;
    error += Math.abs(series[i + ahead] - level - seasons[(i + ahead) % day]);
    count++;
  }
  return { mean: level + seasons[(series.length - 1 + ahead) % day], error: error / count };
}
