// `--help` of every bench: what its file says at its beginning, and nothing is run.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The comment that a file begins with, without its marks. */
export function headOf(source) {
  const lines = source.split('\n');
  const isComment = lines[0].startsWith('/**')
    ? (_, at) => at === 0 || !lines[at - 1].trimEnd().endsWith('*/')
    : line => line.startsWith('//');
  const end = lines.findIndex((line, at) => !isComment(line, at));
  return lines
    .slice(0, end)
    .map(line => line.replace(/^(\/\/|\/\*\*| ?\*\/| ?\*) ?/, ''))
    .join('\n')
    .trim();
}

/** With `--help` or `-h` on the command line, prints the head of the bench at `url` and ends. */
export function help(url) {
  if (!process.argv.slice(2).some(word => word === '--help' || word === '-h')) return;
  process.stdout.write(`${headOf(readFileSync(fileURLToPath(url), 'utf8'))}\n`);
  process.exit(0);
}
