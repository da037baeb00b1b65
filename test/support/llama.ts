import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where `npm run setup:llama` puts node-llama-cpp. */
export const LLAMA_FOLDER = fileURLToPath(new URL('../llama', import.meta.url));

const MODEL = fileURLToPath(new URL('../../../shared/data/models/stories260K.gguf', import.meta.url));

/**
 * The small model that tests of the real engine run on, or `undefined` with a message where it or node-llama-cpp is missing. Under
 * `CI=true` a missing node-llama-cpp is an error, for `.ci/run` installs it wherever the model is.
 */
export function testModel(): string | undefined {
  const model = process.env.WEIR_TEST_GGUF ?? MODEL;
  const missing = !existsSync(model)
    ? 'no model file (name the llama2.c model stories260K.gguf in WEIR_TEST_GGUF)'
    : existsSync(`${LLAMA_FOLDER}/node_modules/node-llama-cpp`)
      ? undefined
      : 'node-llama-cpp is not installed (npm run setup:llama)';
  if (missing === undefined) return model;
  if (process.env.CI === 'true' && existsSync(model)) throw new Error(missing);
  process.stderr.write(`weir: tests of the real engine are skipped: ${missing}\n`);
  return undefined;
}
