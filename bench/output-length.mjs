// How well the length of an answer is foretold: `node bench/output-length.mjs --trace FILE [--boundary 4096] [--json]`, after a build. Each answer is
// foretold, then shown, in the order of the trace. Pinball loss of the 75th percentile (tokens; the least is best), the share of answers
// that are longer (25 % is right), and the overflow of a pool of that context window: of the requests whose prompt and foretold answer fit it,
// those whose real answer does not.

import { OutputLengths } from '../dist/workload/profile/output-lengths.js';
import { help } from './support/help.mjs';
import { argument, tracedRequests } from './support/trace-options.mjs';

help(import.meta.url);

const boundary = Number(argument('boundary', 4096));
const requests = await tracedRequests();

const WAYS = {
  'no answer, the prompt alone': () => ({ expected: () => 0, observe() {} }),
  'prior (400)': () => ({ expected: () => 400, observe() {} }),
  'P75 of all': () => {
    const lengths = new OutputLengths();
    return {
      expected: () => lengths.expected('', 'chat').p75,
      observe: ({ outputTokens }) => lengths.observe('', 'chat', outputTokens),
    };
  },
  'P75 by prompt length (Weir)': () => {
    const lengths = new OutputLengths();
    const facts = ({ promptTokens }) => ({ caller: '', promptTokens });
    return {
      expected: request => lengths.expected('', 'chat', facts(request)).p75,
      observe: request => lengths.observe('', 'chat', request.outputTokens, facts(request)),
    };
  },
};

const rows = Object.entries(WAYS).map(([name, make]) => {
  const way = make();
  let [loss, longer, short, over, n] = [0, 0, 0, 0, 0];
  for (const request of requests) {
    const { promptTokens, outputTokens } = request;
    if (outputTokens < 1) continue;
    const foretold = way.expected(request);
    n++;
    loss += outputTokens >= foretold ? 0.75 * (outputTokens - foretold) : 0.25 * (foretold - outputTokens);
    if (outputTokens > foretold) longer++;
    if (promptTokens + foretold <= boundary) {
      short++;
      if (promptTokens + outputTokens > boundary) over++;
    }
    way.observe(request);
  }
  return {
    way: name,
    answers: n,
    pinball: loss / n,
    longer: longer / n,
    short: short / n,
    overflow: over / Math.max(1, short),
  };
});

if (process.argv.includes('--json'))
  console.log(JSON.stringify({ trace: argument('trace').split('/').at(-1), boundary, rows }, undefined, 2));
else {
  console.log(`${argument('trace').split('/').at(-1)}, boundary ${boundary}`);
  const percent = value => `${(100 * value).toFixed(2)} %`;
  console.table(
    rows.map(({ way, pinball, longer, short, overflow }) => ({
      ...{ way, pinball: pinball.toFixed(1), longer: percent(longer), 'in the short pool': percent(short) },
      overflow: percent(overflow),
    })),
  );
}
