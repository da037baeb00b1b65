import { Command, InvalidArgumentError, Option } from 'commander';
import { EXIT, exit } from '#cli/exit.js';
import { integer, port, positive, seedOption } from '#cli/options.js';
import { kvCacheOption, weightsOption } from '#cli/precision-options.js';
import { outliveReaders } from '#cli/reader-left.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import { FAULT_KINDS, type FaultInput, parseFault } from '#engine-server/faults.js';
import { LLAMA_VERSION } from '#engine-server/gguf/library.js';
import { KV_ROLES, type KvRole } from '#engine-server/kv-transfer/connector.js';
import type { Listening } from '#engine-server/listen.js';
import { type EngineServer, startEngineServer } from '#engine-server/server.js';
import { GPUS } from '#pool/engine/hardware.js';
import { MODELS } from '#pool/engine/models.js';
import type { KvPrecision, WeightPrecision } from '#pool/engine/precision.js';

interface EngineCommandOptions {
  readonly gguf?: string;
  readonly sequences?: number;
  readonly threads?: number;
  readonly cpu?: true;
  readonly model: string;
  readonly gpu: string;
  readonly tp: number;
  readonly weights?: WeightPrecision;
  readonly kvCache?: KvPrecision;
  readonly host: string;
  readonly port: number;
  readonly servedAs?: string;
  readonly context?: number;
  readonly blocks?: number;
  readonly speed: number;
  readonly instant?: true;
  readonly answer: number;
  readonly fault: readonly FaultInput[];
  readonly admission: 'paged' | 'reserve';
  readonly seed: number;
  readonly role?: KvRole;
  readonly kvLink: number;
  readonly kvLoadFailure: 'fail' | 'recompute';
  readonly hostMemory?: number;
  readonly hostLink: number;
  readonly disk?: number;
  readonly diskLink: number;
  readonly kvEvents?: string;
  readonly kvReplay?: string;
}

export function engineCommand(): Command {
  return new Command('engine')
    .description(
      'Runs an engine: a server that speaks as vLLM does. Unless --gguf is given it is simulated: it answers at the pace that a real one\n' +
        'would have, no model runs, and every response says so in the header x-weir-simulated.\n' +
        `With --gguf the model in the file answers, by way of the optional package node-llama-cpp ${LLAMA_VERSION}.`,
    )
    .addOption(
      new Option('--gguf <file>', 'serve this GGUF model file for real').conflicts([
        ...[
          'model',
          'gpu',
          'tp',
          'weights',
          'kvCache',
          'blocks',
          'speed',
          'instant',
          'answer',
          'fault',
          'admission',
          'role',
          'kvLink',
          'kvEvents',
        ],
      ]),
    )
    .option('--sequences <n>', 'with --gguf: requests answered side by side (default: 4)', count)
    .option('--threads <n>', 'with --gguf: CPU threads (default: what the machine has)', count)
    .option('--cpu', 'with --gguf: compute on the CPU even where there is a GPU')
    .option('-m, --model <name>', 'model whose timing is simulated', 'llama-3.1-8b')
    .option('-g, --gpu <name>', 'GPU that the timing is computed for', 'h100')
    .option('--tp <n>', 'GPUs in the tensor-parallel group', count, 1)
    .addOption(weightsOption())
    .addOption(kvCacheOption())
    .option('--host <address>', 'address to listen on; other than loopback lets other machines connect', '127.0.0.1')
    .option('-p, --port <n>', 'port to listen on; 0 chooses a free one', port, 8000)
    .option('--served-as <name>', "name under which the model is served (default: the model, or the file's name)")
    .option('--context <tokens>', "context window (default: the model's own; with --gguf at most 8192)", count)
    .option('--blocks <n>', 'KV blocks of 16 tokens (default: what GPU memory leaves)', count)
    .option('--speed <x>', 'times faster than the real thing', positive, 1)
    .option('--instant', 'answer at once, without pacing: for load tests')
    .option('--answer <tokens>', 'median length of answers', count, 80)
    .option(
      '--fault <kind[:share[:detail]]>',
      `a fault to begin with, may be repeated; kinds: ${FAULT_KINDS.join(', ')}`,
      (text: string, before: readonly FaultInput[]) => [...before, fault(text)],
      [] as readonly FaultInput[],
    )
    .addOption(
      new Option('--admission <mode>', 'paged: KV blocks as tokens come; reserve: the whole context window at once')
        .choices(['paged', 'reserve'])
        .default('paged'),
    )
    .addOption(
      new Option(
        '--role <role>',
        'disaggregated serving: prefill computes prompts for others, decode answers from their KV',
      ).choices(KV_ROLES),
    )
    .option('--kv-link <GB/s>', 'with --role: gigabytes of KV a second that one transfer moves', positive, 25)
    .addOption(
      new Option('--kv-load-failure <policy>', 'with --role: what a request comes to whose KV did not arrive')
        .choices(['fail', 'recompute'])
        .default('fail'),
    )
    .option(
      '--kv-events <endpoint>',
      'publish KV events there as vLLM does: tcp://127.0.0.1:5557; needs the package zeromq',
    )
    .option(
      '--host-memory <GB>',
      "gigabytes of the host's memory that keep KV which the GPUs give up (default: none)",
      positive,
    )
    .option('--host-link <GB/s>', 'with --host-memory: gigabytes a second that each GPU reads from there', positive, 25)
    .option('--disk <GB>', 'with --host-memory: gigabytes of storage behind it (default: none)', positive)
    .option('--disk-link <GB/s>', 'with --disk: gigabytes a second that each GPU reads from there', positive, 3)
    .option('--kv-replay <endpoint>', 'with --kv-events: where missed events can be asked for')
    .addOption(seedOption())
    .addHelpText(
      'after',
      `
Models: ${MODELS.map(model => model.name).join(', ')}
GPUs:   ${GPUS.map(gpu => gpu.name).join(', ')}

Faults can be changed while it runs: POST /faults {"kind": "cut", "share": 0.1, "after_tokens": 5, "for": "10s"}.

Examples:
  $ weir engine --model qwen3-8b --gpu l40s --port 8001
  $ weir engine --model llama-3.1-70b --gpu h100 --tp 4 --speed 10
  $ weir engine --instant --port 8002                    for load tests
  $ weir engine --fault slow:0.5:4 --fault error:0.1:500
  $ weir engine --role prefill --port 8003               computes prompts for ...
  $ weir engine --role decode --port 8004                ... an engine that answers
  $ weir engine --kv-events tcp://127.0.0.1:5557 --kv-replay tcp://127.0.0.1:5558
  $ weir engine --gguf model.gguf --port 8001            a real model`,
    )
    .action(run);
}

async function run(options: EngineCommandOptions): Promise<void> {
  outliveReaders();
  const server = options.gguf === undefined ? await runSimulated(options) : await runGguf(options.gguf, options);
  await new Promise<void>(resolve => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  await server.close();
}

async function runGguf(file: string, options: EngineCommandOptions): Promise<Listening> {
  const { host, port, servedAs, context, sequences, threads, cpu, seed } = options;
  const { startGgufServer } = await import('#engine-server/gguf/server.js');
  const server = await startGgufServer({
    ...{ file, host, port, seed },
    ...(servedAs !== undefined && { servedAs }),
    ...(context !== undefined && { contextTokens: context }),
    ...(sequences !== undefined && { sequences }),
    ...(threads !== undefined && { threads }),
    ...(cpu !== undefined && { cpu }),
  }).catch((error: unknown) => cannotListen(error, host, port));
  const { facts } = server;
  const template = facts.hasTemplate
    ? 'the chat template of the file'
    : 'no chat template in the file: messages are put as a plain transcript';
  process.stderr.write(
    `weir engine listens on ${server.url}\n` +
      `  real: ${file} (${facts.description}, ${(facts.bytes / 1e6).toFixed(1)} MB) answers, served as ${server.servedAs}\n` +
      `  computes on ${facts.computes}; ${server.sequences} sequences, context ${facts.contextTokens} tokens each; ${template}\n` +
      `  behind the gateway: weir init --url ${server.url} --model ${server.servedAs} && weir serve\n`,
  );
  return server;
}

async function runSimulated(options: EngineCommandOptions): Promise<Listening> {
  const server = await startSimulated(options);
  const { profile } = server;
  const { weights, kvCache } = profile;
  const pace = options.instant === true ? 'without pacing' : `at ${options.speed}× the pace of the real thing`;
  process.stderr.write(
    `weir engine listens on ${server.url}\n` +
      `  simulates ${profile.model} on ${profile.tensorParallel} × ${profile.gpu} ${pace}, served as ${options.servedAs ?? options.model}\n` +
      `  ${profile.totalBlocks} KV blocks of ${profile.blockTokens} tokens, ${options.admission}; weights ${weights}, KV ${kvCache}; context ${profile.contextTokens} tokens\n` +
      (server.kvEvents === undefined
        ? ''
        : `  KV events at ${server.kvEvents.events}, replayed at ${server.kvEvents.replay ?? 'nowhere'}\n`),
  );
  return server;
}

async function startSimulated(options: EngineCommandOptions): Promise<EngineServer> {
  const { model, gpu, tp, host, port, servedAs, context, blocks, speed, instant, answer, admission, seed } = options;
  const { weights, kvCache, role, kvLink, kvLoadFailure, kvEvents, kvReplay, hostMemory, hostLink, disk, diskLink } =
    options;
  try {
    return await startEngineServer({
      ...{ model, gpu, tp, host, port, speed, admission, seed, answerTokens: answer, faults: options.fault },
      ...(servedAs === undefined ? undefined : { servedAs }),
      ...{ ...(weights && { weights }), ...(kvCache && { kvCache }) },
      ...(context === undefined ? undefined : { contextTokens: context }),
      ...(blocks === undefined ? undefined : { blocks }),
      ...(instant === undefined ? undefined : { instant }),
      ...(role === undefined ? undefined : { role, kvLink, kvLoadFailure }),
      ...(hostMemory === undefined ? undefined : { hostMemory, hostLink }),
      ...(disk === undefined ? undefined : { disk, diskLink }),
      ...(kvEvents === undefined ? undefined : { kvEvents: { events: kvEvents, replay: kvReplay } }),
    });
  } catch (error) {
    if (isWeirError(error))
      throw new WeirError('usage.invalid', error.message, error.hint === undefined ? {} : { hint: error.hint });
    return cannotListen(error, host, port);
  }
}

function cannotListen(error: unknown, host: string, port: number): never {
  if (isWeirError(error)) throw error;
  const { code, message } = error as NodeJS.ErrnoException;
  process.stderr.write(`weir: cannot listen on ${host}:${port}: ${code ?? message}\n`);
  return exit(EXIT.misuse);
}

function fault(text: string): FaultInput {
  try {
    return parseFault(text);
  } catch (error) {
    if (!isWeirError(error)) throw error;
    throw new InvalidArgumentError(`${error.message} Expected ${error.hint}.`);
  }
}

function count(text: string): number {
  const value = integer(text);
  if (value >= 1) return value;
  throw new InvalidArgumentError('Expected a whole number from 1.');
}
