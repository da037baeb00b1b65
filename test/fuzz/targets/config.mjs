/** Configuration files: any text gives a result, never an exception, and every problem has its place. */
import { DEMONSTRATION } from '../../../dist/config/demonstration.js';
import { parseConfig } from '../../../dist/config/load.js';
import { pick } from '../draw.mjs';

export const name = 'config';

const LINES = DEMONSTRATION.split('\n');

/** Lines of a real file, some of them left out, moved or repeated. */
export function generate(random) {
  const lines = LINES.filter(() => random.next() < 0.97);
  for (let left = random.below(3); left > 0; left--)
    lines.splice(random.below(lines.length + 1), 0, pick(random, LINES));
  return [lines.join('\n')];
}

export function check([text = '']) {
  const result = parseConfig(text, { file: 'weir.yaml', env: {}, readFile: () => '' });
  if (result.ok) return;
  if (result.problems.length === 0) throw new Error('refused without a problem');
  for (const { message, line, column } of result.problems)
    if (message === '' || !(line > 0) || !(column > 0)) throw new Error('a problem without a place');
}
