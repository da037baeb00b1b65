import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { type AskedEngine, DEFAULT_MODEL, engineAt } from '#cli/asked-engine.js';
import { DEFAULT_FILE, jsonOption, printJson } from '#cli/options.js';
import { WeirError } from '#contract/errors.js';
import { modelNameOf } from '#engine-server/gguf/model-name.js';

interface InitOptions {
  readonly url?: string;
  readonly gguf?: string;
  readonly model?: string;
  readonly demo?: true;
  readonly force?: true;
  readonly json: boolean;
}

export function initCommand(): Command {
  return new Command('init')
    .addArgument(new Argument('[file]', 'file to write').default(DEFAULT_FILE))
    .option(
      '--url <url>',
      'base URL of an OpenAI-compatible server, which is asked for its models and their context windows; a simulated one unless given',
      baseUrl,
    )
    .addOption(
      new Option('--gguf <file>', 'a GGUF model file that Weir serves itself, by way of node-llama-cpp').conflicts(
        'url',
      ),
    )
    .option(
      '--model <name>',
      "name of the model that it serves (default: what it says, else llama3.2; or the file's name)",
      modelName,
    )
    .option('--demo', 'write out the whole demonstration configuration')
    .option('--force', 'overwrite the file if it exists')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ weir init
  $ weir init --url http://127.0.0.1:11434 --model llama3.2     (Ollama)
  $ weir init --url http://127.0.0.1:8000 --model Qwen/Qwen3-8B (vLLM)
  $ weir init --gguf model.gguf && weir serve                   (the file itself)
  $ weir init --demo demo.yaml && weir serve -c demo.yaml`,
    )
    .action(init);
}

async function init(file: string, options: InitOptions): Promise<void> {
  const engine = options.url === undefined || options.demo ? undefined : await engineAt(options.url, options.model);
  const text = options.demo ? (await import('#config/demonstration.js')).DEMONSTRATION : starter(file, options, engine);
  try {
    await writeFile(file, text, { flag: options.force ? 'w' : 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new WeirError('usage.invalid', `${file} exists`, { hint: '--force overwrites it' });
    }
    throw new WeirError('usage.invalid', `${file} cannot be written (${code})`, { cause: error });
  }
  const { gguf } = options;
  if (gguf !== undefined && !existsSync(gguf)) {
    process.stderr.write(`${gguf} is not there yet: weir serve will need it, as seen from where it is started\n`);
  }
  for (const line of engine?.told ?? []) process.stderr.write(`${line}\n`);
  if (options.json) printJson(written(file, options, engine));
  else process.stderr.write(`wrote ${file}; next: weir check, then weir serve\n`);
}

/** What was written, for programs. */
function written(file: string, options: InitOptions, engine: AskedEngine | undefined) {
  const { url, gguf } = options;
  if (options.demo) return { file, engine: 'demonstration' };
  const context = engine?.context === undefined ? undefined : { context: engine.context };
  const name = modelOf(options, engine);
  if (gguf !== undefined) return { file, engine: 'gguf', model: name, gguf };
  return url === undefined
    ? { file, engine: 'simulated', model: name }
    : { file, engine: 'server', model: name, url, ...context };
}

function modelOf({ gguf, model }: InitOptions, engine: AskedEngine | undefined): string {
  return model ?? engine?.model ?? (gguf === undefined ? DEFAULT_MODEL : modelNameOf(gguf));
}

/** A whole configuration in under ten lines. */
function starter(file: string, options: InitOptions, engine: AskedEngine | undefined): string {
  const { url, gguf } = options;
  const name = JSON.stringify(modelOf(options, engine));
  const context = engine?.context === undefined ? '8k' : tokensText(engine.context);
  const where =
    gguf !== undefined
      ? `gguf: { file: ${JSON.stringify(gguf)} }`
      : url === undefined
        ? 'simulate: { model: llama-3.1-8b, gpu: l40s }'
        : `replicas: [${JSON.stringify(url)}]`;
  const price = gguf === undefined ? ', price: { prompt: 0.05, completion: 0.20 } } } # USD per 1M tokens' : ' } }';
  const simulated = url === undefined && gguf === undefined;
  const lines = [
    ...editorSchema(file),
    '# Requests for the model "auto" go where a decision says. Policy: signals, decisions, tests; see `weir init --demo`.',
    'router:',
    '  decisions:',
    `    - { name: default, when: otherwise, models: [${name}] }`,
    'pool:',
    `  models: { ${name}: { context: ${context}${price}`,
    `  pools: { local: { model: ${name}, ${where} } }${simulated ? ' # real ones: replicas: [http://host:8000]' : ''}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** As people write windows: `40k` where it is so many times 1,024. */
function tokensText(tokens: number): string {
  return tokens % 1024 === 0 ? `${tokens / 1024}k` : String(tokens);
}

/** The line that makes editors complete and check the file, where the schema can be named relative to it. */
function editorSchema(file: string): readonly string[] {
  const schema = fileURLToPath(new URL('../../../schema/weir.schema.json', import.meta.url));
  const path = relative(dirname(resolve(file)), schema);
  const near = existsSync(schema) && !path.startsWith('..') && !isAbsolute(path) && !/\s/.test(path);
  return near ? [`# yaml-language-server: $schema=${path.replaceAll('\\', '/')}`] : [];
}

function baseUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('Expected a base URL, such as http://127.0.0.1:11434.');
  }
  return text;
}

function modelName(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/.test(text)) {
    throw new InvalidArgumentError('Expected letters, digits and . _ : / -, beginning with a letter or digit.');
  }
  return text;
}
