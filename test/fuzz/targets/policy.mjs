/** Policy expressions: parsing gives a tree or an error with its place; printing a tree and parsing it again gives the same tree. */
import { parseExpression } from '../../../dist/router/policy/parse.js';
import { printExpression } from '../../../dist/router/policy/print.js';
import { chance, pick } from '../draw.mjs';
import { same } from '../same.mjs';

export const name = 'policy';

export function generate(random) {
  return [condition(random, 0)];
}

function condition(random, depth) {
  const kind = random.below(depth > 4 ? 2 : 6);
  const name = () => pick(random, ['legal', 'a.b', 'x-y', '_z', 'and_', 'not1', 'otherwise', 'true']);
  if (kind === 0) return name();
  if (kind === 1) {
    const number = pick(random, ['1', '-2', '0.5', '1e3', '.5', '1.', '1e999', '"x"', "'it'", 'word', '"']);
    return `${name()} ${pick(random, ['>', '>=', '<', '<=', '==', '!=', '='])} ${number}`;
  }
  if (kind === 2) return `not ${condition(random, depth + 1)}`;
  if (kind === 3) return `(${condition(random, depth + 1)})`;
  const joint = chance(random, 0.5) ? 'and' : 'or';
  return `${condition(random, depth + 1)} ${joint} ${condition(random, depth + 1)}`;
}

export function check([text = '']) {
  const parsed = parseExpression(text);
  if (!parsed.ok) {
    const { message, offset } = parsed.error;
    if (message === '' || !(offset >= 0 && offset <= text.length)) throw new Error('an error without a place');
    return;
  }
  const printed = printExpression(parsed.tree);
  const again = parseExpression(printed);
  if (!again.ok) throw new Error('what was printed cannot be parsed');
  if (!same(bare(again.tree), bare(parsed.tree))) throw new Error('what was printed says something else');
}

/** A tree without the places of its nodes in the text. */
function bare(node) {
  if (Array.isArray(node)) return node.map(bare);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) => (/offset$/i.test(key) ? [] : [[key, bare(value)]])),
  );
}
