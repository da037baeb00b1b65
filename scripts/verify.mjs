// `npm run verify`: all that `npm test` runs, and then what is too long for it: fuzzing, the soak and the bench. Fails at the first that fails.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const STEPS = [['test.mjs'], ['fuzz.mjs', '--cases', '20000'], ['bench.mjs', '--soak', '200000'], ['bench.mjs']];

// Property tests try other cases than `npm test` does.
process.env.WEIR_PROPERTY_SEED ??= String(randomInt(2 ** 31));
process.stderr.write(`weir: WEIR_PROPERTY_SEED=${process.env.WEIR_PROPERTY_SEED}\n`);

for (const [script, ...args] of STEPS) {
  process.stderr.write(`weir: ${script} ${args.join(' ')}\n`);
  const file = fileURLToPath(new URL(script, import.meta.url));
  const { status } = spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
