import { CommanderError } from 'commander';
import { isWeirError } from '#contract/errors.js';
import { EXIT } from './exit.js';
import { buildProgram } from './program.js';
import { endWithReaders } from './reader-left.js';

/** Runs the command line `weir <argv>` and resolves to the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  endWithReaders();
  try {
    const program = await buildProgram(argv);
    await program.parseAsync(argv, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has printed its own messages, and gives wrong usage the code 1, which here means something else.
    if (error.code === 'weir.exit') return error.exitCode;
    return error.exitCode === 0 ? EXIT.done : EXIT.misuse;
  }
  if (isWeirError(error)) {
    const where = error.path === undefined ? '' : ` (${error.path})`;
    const hint = error.hint === undefined ? '' : `  ${error.hint}\n`;
    process.stderr.write(`weir: ${error.code}: ${error.message}${where}\n${hint}`);
  } else if (isSystemError(error)) {
    process.stderr.write(`weir: ${error.message}\n`);
  } else {
    process.stderr.write(`weir: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
  return EXIT.misuse;
}

/** What the system refuses to a command (a file, an address) is no defect: its own words, which name the file, say more than a stack. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
