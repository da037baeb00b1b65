import type { Path } from '#config/problem.js';

/** Blocks whose values decide something: a command that reads a configuration guesses at none of them. */
const DECIDING = new Set(['workload', 'router', 'pool', 'fleet']);
/** What stands in them and decides nothing: credentials, and where engines are and what they are sent. */
const UNDECIDING = new Set(['api_key', 'salt', 'headers', 'replicas']);

/**
 * Where a command that serves nothing can do without a secret that is not there.
 *
 * @param needs what the command itself uses of the configuration: `gateway.record`.
 */
export function spared(needs: readonly string[] = []): (path: Path) => boolean {
  const used = needs.map(need => need.split('.'));
  return path =>
    (!DECIDING.has(String(path[0])) || path.some(step => UNDECIDING.has(String(step)))) &&
    !used.some(need => need.every((step, index) => step === path[index]));
}

/** What is said, once, of secrets that a command went without. @param unset their names; nothing is said of none. */
export function unsetNote(source: string, unset: readonly string[]): string {
  if (unset.length === 0) return '';
  return `weir: ${source} refers to what is not set: ${unset.join(', ')}; weir serve needs it, this command does not\n`;
}
