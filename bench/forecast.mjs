// `node bench/forecast.mjs --trace FILE [--window SECONDS]`: forecasts requests by kind in windows of time, one to three windows ahead, on the last third of a
// trace, each from what came before, against two controls: as it is now, and the forecast of all by each kind's share. Without a trace, a generated day
// of two kinds whose rates change. `--days N [--noise x] [--surges n] [--rate x] [--seeds n]` draws N days instead (`bench/support/days-of-load.mjs`) and forecasts the last, window by window, by the
// last value, by smoothing, by smoothing with the days before (`forecastByDay`, as recommended replicas are) and by Holt and Winters' method with a season of a day.
import { parseArgs } from 'node:util';
import { setup } from '../scripts/setup.mjs';
import { help } from './support/help.mjs';

help(import.meta.url);

await setup({ need: 'run' });
const { readTraceFile } = await import('../dist/cli/trace-file.js');
const { scoreForecasts } = await import('../dist/workload/forecast/score.js');
const { kindSeries } = await import('../dist/workload/forecast/series.js');
const { seededRandom } = await import('../dist/contract/random.js');

const { values } = parseArgs({
  options: {
    trace: { type: 'string' },
    window: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    days: { type: 'string' },
    noise: { type: 'string', default: '0.06' },
    surges: { type: 'string', default: '2' },
    rate: { type: 'string', default: '3' },
    seeds: { type: 'string', default: '3' },
  },
});
const windowS = Number(values.window);
if (values.days !== undefined) {
  await byDays();
  process.exit(0);
}

/** Mean absolute errors on the last of several days, of which all before are known. */
async function byDays() {
  const { forecast } = await import('../dist/workload/forecast/forecaster.js');
  const { forecastByDay } = await import('../dist/workload/forecast/daily.js');
  const { lastValue } = await import('../dist/workload/forecast/last-value.js');
  const { countsOf, ratesOfDays } = await import('./support/days-of-load.mjs');
  const { holtWinters } = await import('./support/holt-winters.mjs');
  const [days, noise, surges, mean, seeds] = ['days', 'noise', 'surges', 'rate', 'seeds'].map(name =>
    Number(values[name]),
  );
  const [stepMs, hourMs] = [1000 * windowS, 3_600_000];
  const [day, perHour] = [86_400 / windowS, 3600 / windowS];
  const hoursOf = counts =>
    Array.from({ length: Math.floor(counts.length / perHour) }, (_, i) =>
      counts.slice(i * perHour, (i + 1) * perHour).reduce((sum, count) => sum + count, 0),
    );
  const methods = {
    'last value': (past, ahead) => lastValue(past, ahead).mean,
    smoothing: (past, ahead) => forecast(past, ahead).mean,
    'with the days before': (past, ahead) =>
      forecastByDay({ from: 0, stepMs, counts: past }, { from: 0, stepMs: hourMs, counts: hoursOf(past) }, ahead).mean,
    // Before two days, as they begin to be three: the last value.
    'Holt-Winters': (past, ahead) => holtWinters(past, ahead, day) ?? past.at(-1),
  };
  const rows = [300, 900, 1800, 3600].map(seconds => {
    const ahead = Math.max(1, Math.round(seconds / windowS));
    const errors = Object.fromEntries(Object.keys(methods).map(name => [name, 0]));
    let count = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const random = seededRandom(seed);
      const counts = countsOf(ratesOfDays({ days, mean, noise, surges, random }), windowS / 60, random);
      for (let at = counts.length - day; at < counts.length; at++) {
        const past = counts.slice(0, at - ahead + 1);
        count++;
        for (const [name, method] of Object.entries(methods))
          errors[name] += Math.abs(counts[at] - method(past, ahead));
      }
    }
    const means = Object.entries(errors).map(([name, sum]) => [name, Number((sum / count).toFixed(1))]);
    return { minutes: (ahead * windowS) / 60, ...Object.fromEntries(means) };
  });
  if (values.json)
    console.log(JSON.stringify({ days, noise, surges, rate: mean, seeds, window_s: windowS, rows }, null, 2));
  else {
    console.log(
      `${days} days, noise ${noise}, ${surges} surges a day, ${seeds} seeds; mean absolute error on the last day, requests in ${windowS} s`,
    );
    console.table(rows);
  }
}

/** A day of chats by a curve and of agents that come in shifts, Poisson in each window. */
function generatedDay(seed) {
  const random = seededRandom(seed);
  const poisson = mean => {
    let [count, left] = [0, mean];
    for (left -= random.exponential(1); left > 0; left -= random.exponential(1)) count++;
    return count;
  };
  const windows = Math.floor(86_400 / windowS);
  const chats = [];
  const agents = [];
  for (let i = 0; i < windows; i++) {
    const day = i / windows;
    chats.push(poisson(windowS * (2 + 1.8 * Math.sin(2 * Math.PI * (day - 0.3)))));
    agents.push(poisson(windowS * (day > 0.35 && day < 0.5 ? 1.5 : day > 0.6 && day < 0.8 ? 2.5 : 0.3)));
  }
  return [
    { kind: 'chats', requests: chats },
    { kind: 'agents', requests: agents },
  ];
}

const series =
  values.trace === undefined
    ? generatedDay(Number(values.seed))
    : kindSeries((await readTraceFile(values.trace)).requests, 1000 * windowS);
const windows = series[0]?.requests.length ?? 0;
const held = Math.floor(windows / 3);
const scores = [1, 2, 3].map(ahead =>
  scoreForecasts(
    series.map(({ requests }) => requests),
    ahead,
    held,
  ),
);
const report = {
  trace: values.trace ?? 'generated day',
  window_s: windowS,
  windows,
  held_out: held,
  kinds: Object.fromEntries(series.map(({ kind, requests }) => [kind, requests.reduce((sum, n) => sum + n, 0)])),
  scores,
};
if (values.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
else {
  console.log(
    `${report.trace}: ${windows} windows of ${windowS} s, the last ${held} held out; ${JSON.stringify(report.kinds)}`,
  );
  console.log('mean absolute error, requests a window');
  for (const { ahead, forecast, lastValue, aggregate, count } of scores) {
    console.log(
      `${String((ahead * windowS) / 60).padStart(5)} min ahead: forecast ${forecast.toFixed(1)}, as it is now ${lastValue.toFixed(1)}, all by share ${aggregate.toFixed(1)} (${count})`,
    );
  }
}
