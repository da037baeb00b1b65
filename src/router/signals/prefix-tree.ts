const SYNTAX = /[\\^$.*+?()[\]{}|/]/g;

/** Beginnings that terms share, each once: what keeps the time of a search from growing with the number of terms. */
interface Node {
  readonly next: Map<string, Node>;
  ends: boolean;
}

/**
 * A pattern that matches any of the terms, the longest where one begins another. White space stands for any run of it. The engine
 * tries alternatives one after the other, so they are nested by common beginnings: at most one a character goes deeper.
 */
export function prefixTree(terms: readonly string[], caseSensitive: boolean): string {
  const root: Node = { next: new Map(), ends: false };
  for (const term of terms) insert(root, caseSensitive ? term : foldAscii(term));
  return written(root);
}

/** Lower case where that is one to one; other terms merely share less. The pattern's own flag makes case not matter. */
function foldAscii(term: string): string {
  return term.replace(/[A-Z]/g, letter => letter.toLowerCase());
}

function insert(root: Node, term: string): void {
  let node = root;
  for (const character of term.replace(/\s+/g, ' ')) {
    let child = node.next.get(character);
    if (child === undefined) {
      child = { next: new Map(), ends: false };
      node.next.set(character, child);
    }
    node = child;
  }
  node.ends = true;
}

function written({ next, ends }: Node): string {
  const alternatives = [...next].map(([character, child]) => literal(character) + written(child));
  if (alternatives.length === 0) return '';
  if (ends) return `(?:${alternatives.join('|')}|)`;
  return alternatives.length === 1 ? alternatives.join('') : `(?:${alternatives.join('|')})`;
}

function literal(character: string): string {
  return character === ' ' ? '\\s{1,8}' : character.replace(SYNTAX, '\\$&');
}
