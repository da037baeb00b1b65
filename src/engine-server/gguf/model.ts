import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import { ChatTemplate } from './chat-template.js';
import type { Llama, LlamaLibrary, LlamaModel, LlamaSequence } from './library.js';
import { loadLlama } from './library.js';

export interface GgufOptions {
  readonly file: string;
  /** Context window of each sequence: what the model was trained for, but at most 8,192, unless said. */
  readonly contextTokens?: Tokens;
  /** Requests that are generated side by side, each with a context window of its own: 4 unless said. */
  readonly sequences?: number;
  /** CPU threads; what the machine has unless said. */
  readonly threads?: number;
  /** Compute on the CPU even where there is a GPU. */
  readonly cpu?: boolean;
  /** Where else to look for node-llama-cpp; the working directory unless said. */
  readonly modulesFrom?: readonly string[];
}

/** A model that is loaded, with its sequences. */
export interface GgufModel {
  readonly library: LlamaLibrary;
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly sequences: readonly LlamaSequence[];
  readonly template: ChatTemplate;
  readonly facts: GgufFacts;
  close(): Promise<void>;
}

export interface GgufFacts {
  /** Name of the file, without its folder. */
  readonly name: string;
  /** `llama 8B Q4_K - Medium`, as far as the file says. */
  readonly description: string;
  readonly bytes: number;
  /** What computes: `CPU`, or `CUDA (NVIDIA L40S), 33 layers`. */
  readonly computes: string;
  readonly contextTokens: Tokens;
  readonly hasTemplate: boolean;
}

const DEFAULT_CONTEXT = 8192;
const DEFAULT_SEQUENCES = 4;

/**
 * Loads a GGUF file. Nothing is downloaded and nothing is compiled: only binaries that npm installed are used.
 *
 * @throws WeirError `engine.not_installed` without node-llama-cpp; `engine.unusable` when the file or the machine will not do.
 */
export async function openGguf(options: GgufOptions): Promise<GgufModel> {
  const { file, contextTokens, sequences = DEFAULT_SEQUENCES, threads } = options;
  const { llama: library, Template } = await loadLlama(options.modulesFrom);
  await checkFile(file);
  const llama = await library
    .getLlama({
      ...{ gpu: options.cpu === true ? false : 'auto', build: 'never', skipDownload: true },
      ...{ progressLogs: false, logLevel: 'error' },
      ...(threads !== undefined && { maxThreads: threads }),
    })
    .catch((cause: unknown) => {
      throw new WeirError('engine.unusable', `node-llama-cpp has no binary that runs here: ${said(cause)}`, { cause });
    });
  try {
    const model = await llama.loadModel({ modelPath: file });
    const contextSize = contextTokens ?? { max: Math.min(model.trainContextSize, DEFAULT_CONTEXT) };
    const context = await model.createContext({
      ...{ sequences, contextSize },
      ...(threads !== undefined && { threads }),
    });
    const opened = Array.from({ length: sequences }, () => context.getSequence());
    const template = ChatTemplate.of(model, Template);
    const window = opened[0]!.contextSize;
    return {
      ...{ library, llama, model, template, sequences: opened },
      facts: {
        name: basename(file),
        description: model.typeDescription,
        bytes: model.size,
        computes: await computes(llama, model),
        contextTokens: Math.min(contextTokens ?? window, window),
        hasTemplate: template.fromFile,
      },
      async close() {
        await context.dispose();
        await model.dispose();
        await llama.dispose();
      },
    };
  } catch (cause) {
    await llama.dispose();
    throw new WeirError('engine.unusable', `${file} cannot be served: ${said(cause)}`, { cause });
  }
}

async function checkFile(file: string): Promise<void> {
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new WeirError('engine.unusable', `${file} cannot be read (${cause.code ?? cause.message}).`, { cause });
  });
  if (!found.isFile()) throw new WeirError('engine.unusable', `${file} is not a file.`);
}

async function computes(llama: Llama, model: LlamaModel): Promise<string> {
  if (llama.gpu === false || model.gpuLayers === 0) return 'CPU';
  const devices = await llama.getGpuDeviceNames();
  return `${llama.gpu.toUpperCase()} (${devices.join(', ')}), ${model.gpuLayers} layers`;
}

/** First line of what an error says. */
function said(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0]!;
}
