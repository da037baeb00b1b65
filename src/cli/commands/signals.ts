import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Command } from 'commander';
import { readInput } from '#cli/chat-input.js';
import { MAX_LINE_CHARS, opened, openLines } from '#cli/json-lines.js';
import { offlineRuntime } from '#cli/offline-runtime.js';
import { type CommonOptions, withCommonOptionsOfJson } from '#cli/options.js';
import { expectWritable } from '#cli/output-file.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import { explain } from '#gateway/explain.js';
import type { Runtime } from '#gateway/runtime.js';

interface SignalsOptions extends CommonOptions {
  readonly input: string;
  readonly output: string;
}

const LINE = '{"text": "…"} or {"messages": […]}';
const PROGRESS_EVERY = 2000;

export function signalsCommand(): Command {
  return withCommonOptionsOfJson(
    new Command('signals')
      .description(
        'Computes every signal, the decision and the model selected for each line of a file. No model is asked.',
      )
      .option(
        '--input <file>',
        'JSON lines: {id?, text} or {id?, messages, tools?, user?, headers?}; - is standard input',
        '-',
      )
      .option(
        '--output <file>',
        'JSON lines: {id, signals, decision, selected}, in input order; - is standard output',
        '-',
      ),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ weir signals --input prompts.jsonl --output signals.jsonl
  $ echo '{"text":"Bonjour tout le monde"}' | weir signals`,
    )
    .action(run);
}

async function run(options: SignalsOptions): Promise<void> {
  const input = await openLines(options.input);
  try {
    if (options.output !== '-') await expectWritable(options.output, [options.input]);
    const runtime = await offlineRuntime(options);
    if (options.output === '-') return await answerAll(runtime, input.lines(), options.input, process.stdout);
    const target = await opened(options.output, 'w');
    const output = target.createWriteStream();
    try {
      await answerAll(runtime, input.lines(), options.input, output);
    } finally {
      output.end();
      await finished(output);
    }
  } finally {
    await input.close();
  }
}

async function answerAll(runtime: Runtime, lines: AsyncIterable<string>, source: string, output: Writable) {
  let line = 0;
  for await (const text of lines) {
    line++;
    if (text.trim() === '') continue;
    const row = await readRow(runtime, text, `${source}:${line}`, line);
    if (!output.write(`${JSON.stringify(row)}\n`)) await once(output, 'drain');
    if (line % PROGRESS_EVERY === 0) process.stderr.write(`weir: ${line} lines\n`);
  }
}

/** One line's answer; a line that is no request ends the command, saying where it stands. */
async function readRow(runtime: Runtime, text: string, place: string, line: number): Promise<object> {
  try {
    return await answer(runtime, text, line);
  } catch (error) {
    if (!isWeirError(error)) throw error;
    const path = error.path === undefined ? '' : ` (${error.path})`;
    const hint = error.hint === undefined ? undefined : { hint: error.hint };
    throw new WeirError('usage.invalid', `${place}: ${error.message}${path}`, { cause: error, ...hint });
  }
}

async function answer(runtime: Runtime, text: string, line: number): Promise<object> {
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
  if (input.text === undefined && input.messages === undefined)
    throw new WeirError('request.invalid', 'The line has neither text nor messages', { hint: LINE });
  const [virtual] = runtime.router.virtualNames;
  const asked = readInput(input, String(id ?? line), runtime.clock.now(), virtual ?? 'auto');
  const { signals, decision, selected } = await explain(runtime, asked);
  return { id: id ?? line, signals, decision, selected };
}
