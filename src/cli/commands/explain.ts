import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { type ChatInput, readInput } from '#cli/chat-input.js';
import { EXIT, exit } from '#cli/exit.js';
import { offlineRuntime } from '#cli/offline-runtime.js';
import { type CommonOptions, printJson, resolveConfig, withCommonOptions } from '#cli/options.js';
import { renderExplanation } from '#cli/story.js';
import { WeirError } from '#contract/errors.js';
import { type Explanation, explain, explanationOf } from '#gateway/explain.js';
import { openRecordsToRead } from '#store/open-records.js';

interface ExplainOptions extends CommonOptions {
  readonly request?: string;
  readonly id?: string;
  readonly header: readonly string[];
}

export function explainCommand(): Command {
  return withCommonOptions(
    new Command('explain')
      .description(
        'Tells what Weir would do with a request, and why: signals, decision, selection, placement. No model is asked.\n' +
          'With --id it tells the story of a request that was served, out of the decision record.',
      )
      .argument('[text]', 'what the user says')
      .option('--request <file>', 'an OpenAI chat request as JSON; - reads standard input')
      .option('--id <id>', 'the x-request-id of an answer')
      .option('-H, --header <name:value>', 'a request header; may be given more than once', collect, []),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ weir explain "Who bears liability under this contract?"
  $ weir explain --request chat.json --json
  $ weir explain -H "x-tier: gold" "hello"
  $ weir explain --id req_0f3a9c1e5b7d2468ace01357`,
    )
    .action(run);
}

async function run(text: string | undefined, options: ExplainOptions): Promise<void> {
  const given = [text, options.request, options.id].filter(value => value !== undefined);
  if (given.length !== 1) {
    throw new WeirError('usage.invalid', 'Nothing to explain, or too much', {
      hint: 'Give a text, --request FILE or --id ID.',
    });
  }
  const explanation = options.id === undefined ? await decide(text, options) : await recall(options.id, options);
  if (options.json) printJson(explanation);
  else process.stdout.write(renderExplanation(explanation));
}

async function decide(text: string | undefined, options: ExplainOptions): Promise<Explanation> {
  const input = text === undefined ? await readRequest(options.request ?? '-') : { text };
  const headers = { ...headersOf(options.header), ...(input.headers as object | undefined) };
  const runtime = await offlineRuntime(options);
  const [virtual] = runtime.router.virtualNames;
  return explain(runtime, readInput({ ...input, headers }, 'explain', runtime.clock.now(), virtual ?? 'auto'));
}

async function recall(id: string, options: ExplainOptions): Promise<Explanation> {
  const { record } = (await resolveConfig(options, ['gateway.record'])).gateway;
  const reader = await openRecordsToRead(record);
  try {
    const found = await reader.find(id);
    if (found === undefined) {
      process.stderr.write(`weir: no record ${id} in ${record.postgres === undefined ? record.path : 'Postgres'}\n`);
      return exit(EXIT.misuse);
    }
    const selected = found.outcome.model === '' ? undefined : found.outcome.model;
    const totalMs = found.stages.reduce((sum, stage) => sum + stage.ms, 0);
    return explanationOf({ ...found, selected, placement: found.placement }, totalMs, () => true);
  } finally {
    await reader.close();
  }
}

async function readRequest(file: string): Promise<ChatInput> {
  let text: string;
  try {
    text = file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8');
  } catch (cause) {
    throw new WeirError('usage.invalid', `Cannot read ${file}`, { cause });
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as ChatInput;
  } catch {
    // Said below, as for any other text that is no chat request.
  }
  throw new WeirError('usage.invalid', `${file} is not a JSON object`, {
    hint: 'An OpenAI chat request: {"messages": […]}.',
  });
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) text += chunk;
  return text;
}

function headersOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map(header => {
      const colon = header.indexOf(':');
      if (colon < 1)
        throw new WeirError('usage.invalid', `${JSON.stringify(header)} is no header`, { hint: 'name:value' });
      return [header.slice(0, colon).trim().toLowerCase(), header.slice(colon + 1).trim()];
    }),
  );
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
