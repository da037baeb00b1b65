// Days of load as services have them: two peaks by day and one in the evening, weekends of half, days that differ in height and come early or late,
// noise that lasts (a walk that returns) and surges that nothing announces.

const MINUTES = 1440;
/** Minutes after which half of the noise has gone is about half an hour. */
const LASTS = 0.98;

const normal = random => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

/** Poisson. Exact by exponential gaps for small means, rounded from a normal above. */
export function poisson(mean, random) {
  if (mean > 200) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let count = 0;
  for (let left = mean - random.exponential(1); left > 0; left -= random.exponential(1)) count++;
  return count;
}

/** Share of the mean of a day at an hour of it. */
function shapeAt(hour) {
  const bump = (centre, width) => Math.exp(-((hour - centre) ** 2) / (2 * width ** 2));
  return 1.6 * (0.15 + 1.2 * bump(10.5, 1.8) + 1.1 * bump(15, 2) + 0.5 * bump(20.5, 1.5));
}

/**
 * Requests a second, minute by minute, of days of which the first is a Monday.
 *
 * @param noise standard deviation of its logarithm; `surges` a day, of 10 to 30 minutes, at one and a half to two and a half times the load.
 */
export function ratesOfDays({ days, mean, noise, surges, random }) {
  const rates = [];
  let [walk, surge, left] = [0, 0, 0];
  for (let day = 0; day < days; day++) {
    const height = mean * Math.exp(0.15 * normal(random)) * (day % 7 >= 5 ? 0.5 : 1);
    const late = 0.4 * normal(random);
    for (let minute = 0; minute < MINUTES; minute++) {
      walk = LASTS * walk + noise * Math.sqrt(1 - LASTS ** 2) * normal(random);
      if (left > 0) left--;
      else {
        surge = 0;
        if (random.next() < surges / MINUTES)
          [surge, left] = [0.5 + random.next(), 10 + Math.floor(20 * random.next())];
      }
      rates.push(height * shapeAt(minute / 60 - late) * Math.exp(walk) * (1 + surge));
    }
  }
  return rates;
}

/** Requests in windows of so many minutes. */
export function countsOf(rates, minutes, random) {
  const counts = [];
  for (let at = 0; at + minutes <= rates.length; at += minutes) {
    const mean = rates.slice(at, at + minutes).reduce((sum, rate) => sum + 60 * rate, 0);
    counts.push(poisson(mean, random));
  }
  return counts;
}

/** Arrivals in milliseconds. */
export function arrivalsOf(rates, random) {
  const arrivals = [];
  for (const [minute, rate] of rates.entries()) {
    const within = Array.from({ length: poisson(60 * rate, random) }, () => 60_000 * (minute + random.next()));
    arrivals.push(...within.sort((a, b) => a - b));
  }
  return arrivals;
}
