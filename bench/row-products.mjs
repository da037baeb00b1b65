// How long the products of a head's rows of bytes with a vector take, by the vector instructions of WebAssembly and, as the control, one product at a time.
// node bench/row-products.mjs [--json] [--rounds 400]
//   Sizes as heads have them: a linear head, the near examples that `domain` looks at, all landmarks that a trained route may have. Both in turn, in one run; medians.
import { parseArgs } from 'node:util';
import { seededRandom } from '../dist/contract/random.js';
import { ByteRows, stepped } from '../dist/models/kernels/byte-rows.js';
import { PlainProducts, vectorProducts } from '../dist/models/kernels/row-products.js';
import { help } from './support/help.mjs';
import { hardware, quantile } from './support/learned.mjs';

help(import.meta.url);
const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '400' } },
});

const SIZES = { 'linear head': [14, 384], 'near examples': [1380, 64], landmarks: [4096, 384] };
const vector = vectorProducts();
if (vector === undefined) throw new Error('this machine has no vector instructions for WebAssembly');
const random = seededRandom(1);
const rows = Object.entries(SIZES).map(([what, [count, width]]) => {
  const bytes = Int8Array.from({ length: count * width }, () => random.below(256) - 128);
  const { numbers } = stepped(Float32Array.from({ length: width }, () => random.next() - 0.5));
  const both = [vector, new PlainProducts()].map(kernel => ({
    rows: new ByteRows(bytes, count, width, kernel),
    times: [],
  }));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const { rows, times } of both) {
      const begun = performance.now();
      rows.products(numbers);
      times.push(1000 * (performance.now() - begun));
    }
  }
  const [byVector, plain] = both.map(({ times }) => quantile(times, 0.5));
  return { what, count, width, vector_us: byVector, plain_us: plain };
});
if (options.json) console.log(JSON.stringify({ hardware: hardware(), rows }));
else {
  console.log(hardware());
  for (const { what, count, width, vector_us, plain_us } of rows) {
    const ratio = (plain_us / vector_us).toFixed(0);
    console.log(
      `${what.padEnd(14)} ${`${count} × ${width}`.padEnd(11)} ${vector_us.toFixed(1)} us, one at a time ${plain_us.toFixed(1)} us: ${ratio} times`,
    );
  }
}
