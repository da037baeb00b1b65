import type { ConfigProblem } from '#config/problem.js';

export interface ProblemView {
  /** Path of the file, or `demonstration`. */
  readonly source: string;
  readonly text: string;
  readonly severity: 'error' | 'warning';
}

const WIDEST = 120;
/** Settings whose values are not for the screen, wherever they stand. */
const SECRET = /((?<!\w)(?:api[-_]?key|token|secret|password|authorization)["']?\s*:\s*["']?)[^\s,}"'$][^,}"']*/gi;

/** Problems as compilers print them: `weir.yaml:12:7 error config.unknown_reference: …`, the line, a caret, and what would be right. */
export function renderProblems(problems: readonly ConfigProblem[], view: ProblemView): string {
  const lines = view.text.split('\n');
  return problems.map(problem => render(problem, lines, view)).join('');
}

function render(problem: ConfigProblem, lines: readonly string[], { source, severity }: ProblemView): string {
  const { code, path, line, column, message, hint } = problem;
  const place = line === 0 ? source : `${source}:${line}:${column}`;
  const subject = path === '' ? '' : ` (${path})`;
  const head = `${place} ${severity} ${code}: ${message}${subject}\n`;
  return head + excerpt(lines[line - 1], line, column) + (hint === undefined ? '' : `    ${hint}\n`);
}

function excerpt(text: string | undefined, line: number, column: number): string {
  if (text === undefined || line === 0) return '';
  const hidden = text.replace(SECRET, '$1•••');
  // The caret would point beside what it means if something before it was hidden.
  const at = hidden.slice(0, column - 1) === text.slice(0, column - 1) ? column - 1 : hidden.search(/\S/);
  const start = at > WIDEST - 20 ? at - 40 : 0;
  const shown = hidden
    .slice(start, start + WIDEST)
    .replaceAll('\t', ' ')
    .trimEnd();
  const gutter = `${line} | `;
  return `  ${gutter}${shown}\n  ${' '.repeat(gutter.length + Math.max(0, at - start))}^\n`;
}
