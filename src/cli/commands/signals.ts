import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { readInput } from '#cli/chat-input.js';
import { EXIT, exit } from '#cli/exit.js';
import { offlineRuntime } from '#cli/offline-runtime.js';
import { type CommonOptions, withCommonOptions } from '#cli/options.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import { explain } from '#gateway/explain.js';
import type { Runtime } from '#gateway/runtime.js';
import { Command } from 'commander';

interface SignalsOptions extends CommonOptions {
  readonly input: string;
  readonly output: string;
}

/** The longest line taken: a request body at the gateway's own default limit. */
const MAX_LINE_CHARS = 32 * 1024 * 1024;
const PROGRESS_EVERY = 2000;

export function signalsCommand(): Command {
  return withCommonOptions(
    new Command('signals')
      .description('Computes every signal, the decision and the model selected for each line of a file. No model is asked.')
      .requiredOption('--input <file>', 'JSON lines: {id?, text} or {id?, messages, tools?, user?, headers?}; - is standard input')
      .requiredOption('--output <file>', 'JSON lines: {id, signals, decision, selected}, in input order; - is standard output'),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ weir signals --input prompts.jsonl --output signals.jsonl
  $ echo '{"text":"Bonjour tout le monde"}' | weir signals --input - --output -`,
    )
    .action(run);
}

async function run(options: SignalsOptions): Promise<void> {
  const runtime = await offlineRuntime(options);
  const input = options.input === '-' ? process.stdin : createReadStream(options.input);
  const output = options.output === '-' ? process.stdout : createWriteStream(options.output);
  let failure: Error | undefined;
  input.on('error', error => (failure = error));
  output.on('error', error => (failure = error));
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (failure !== undefined) break;
    line++;
    if (text.trim() === '') continue;
    const row = await readRow(runtime, text, line).catch((error: unknown) => {
      if (!isWeirError(error)) throw error;
      process.stderr.write(`weir: ${options.input}:${line}: ${error.message}${error.path === undefined ? '' : ` (${error.path})`}\n`);
      return exit(EXIT.misuse);
    });
    if (!output.write(`${JSON.stringify(row)}\n`)) await new Promise<void>(resolve => output.once('drain', () => resolve()));
    if (line % PROGRESS_EVERY === 0) process.stderr.write(`weir: ${line} lines\n`);
  }
  if (failure !== undefined) throw new WeirError('usage.invalid', `Cannot read or write: ${failure.message}`, { cause: failure });
  if (output !== process.stdout) {
    output.end();
    await finished(output);
  }
}

async function readRow(runtime: Runtime, text: string, line: number): Promise<object> {
  if (text.length > MAX_LINE_CHARS) throw new WeirError('request.too_large', 'The line is too long');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new WeirError('request.not_json', 'The line is not JSON', { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new WeirError('request.invalid', 'The line is not a JSON object');
  }
  const { id, ...input } = parsed as Record<string, unknown>;
  const [virtual] = runtime.router.virtualNames;
  const request = readInput(input, String(id ?? line), runtime.clock.now(), virtual ?? 'auto');
  const { signals, decision, selected } = await explain(runtime, request);
  return { id: id ?? line, signals, decision, selected };
}
