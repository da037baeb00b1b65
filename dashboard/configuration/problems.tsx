import type { CheckReport, ConfigProblem } from '../api/types.js';
import { Chip, type Tone } from '../ui/parts.js';

interface ProblemsProps {
  /** What is said of what is being edited; absent while that is what is in force. */
  readonly check: CheckReport | undefined;
  /** Of what is in force. */
  readonly warnings: readonly ConfigProblem[];
  /** Goes to where it stands; absent where that cannot be shown. */
  readonly onChoose?: (problem: ConfigProblem) => void;
}

/** What is wrong, where, and what would be right. */
export function Problems({ check, warnings, onChoose }: ProblemsProps) {
  const groups: readonly (readonly [Tone, string, readonly ConfigProblem[]])[] =
    check === undefined
      ? [['warn', 'warning', warnings]]
      : [
          ['bad', 'error', check.errors],
          ['bad', 'test', check.tests.failed],
          ['warn', 'warning', check.warnings],
          ['plain', 'undecidable', check.undecidable],
        ];
  const all = groups.flatMap(([tone, kind, problems]) => problems.map(problem => ({ tone, kind, problem })));
  if (all.length === 0) return null;
  return (
    <ul class="problems" aria-label="What the check says">
      {all.map(({ tone, kind, problem }) => (
        <li key={`${kind} ${problem.path} ${problem.line} ${problem.message}`}>
          <Chip tone={tone}>{kind}</Chip>
          <div>
            <p>{problem.message}</p>
            {problem.hint === undefined ? undefined : <p class="hint">{problem.hint}</p>}
            <p class="hint">
              {onChoose === undefined ? (
                `line ${problem.line}`
              ) : (
                <button type="button" class="link" onClick={() => onChoose(problem)}>
                  line {problem.line}
                </button>
              )}{' '}
              {problem.path} <code>{problem.code}</code>
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}
