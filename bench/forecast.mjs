// `node bench/forecast.mjs --trace FILE [--window SECONDS]`: forecasts requests by kind in windows of time, one to three windows ahead, on the last third of a
// trace, each from what came before, against two controls: as it is now, and the forecast of all by each kind's share. Without a trace, a generated day
// of two kinds whose rates change.
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
  },
});
const windowS = Number(values.window);

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
