import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WeirError } from '#contract/errors.js';

/** The version that Weir is tested with: what package.json names as its peer. */
export const LLAMA_VERSION = '3.22.1';

export type Token = number;

/** What Weir uses of node-llama-cpp, which is an optional peer: its own types are there only when it is installed. */
export interface LlamaLibrary {
  getLlama(options: Readonly<Record<string, unknown>>): Promise<Llama>;
  readonly TokenBias: new (tokenizer: unknown) => LlamaTokenBias;
  readonly LlamaGrammarEvaluationState: new (options: {
    readonly model: LlamaModel;
    readonly grammar: LlamaGrammar;
  }) => object;
}

export interface Llama {
  /** What computes: `false` for the CPU. */
  readonly gpu: string | false;
  getGpuDeviceNames(): Promise<readonly string[]>;
  loadModel(options: Readonly<Record<string, unknown>>): Promise<LlamaModel>;
  createGrammarForJsonSchema(schema: unknown): Promise<LlamaGrammar>;
  getGrammarFor(type: 'json'): Promise<LlamaGrammar>;
  dispose(): Promise<void>;
}

export interface LlamaGrammar {
  readonly grammar: string;
}

export interface LlamaTokenBias {
  set(token: Token, bias: { readonly logit: number }): this;
}

export interface LlamaModel {
  readonly tokenizer: unknown;
  readonly trainContextSize: number;
  readonly typeDescription: string;
  readonly size: number;
  readonly gpuLayers: number;
  readonly tokens: {
    readonly bos: Token | null;
    readonly eos: Token | null;
    readonly eot: Token | null;
    readonly bosString: string | null;
    readonly eosString: string | null;
    readonly shouldPrependBosToken: boolean;
  };
  readonly fileInfo: { readonly metadata: unknown };
  tokenize(text: string, specialTokens: boolean): Token[];
  detokenize(tokens: readonly Token[], specialTokens: boolean, lastTokens?: readonly Token[]): string;
  createContext(options: Readonly<Record<string, unknown>>): Promise<LlamaContext>;
  dispose(): Promise<void>;
}

export interface LlamaContext {
  getSequence(): LlamaSequence;
  dispose(): Promise<void>;
}

export interface LlamaSequence {
  readonly contextSize: number;
  readonly nextTokenIndex: number;
  readonly contextTokens: readonly Token[];
  /** Drops what the state holds beyond its common prefix with `tokens`. */
  adaptStateToTokens(tokens: readonly Token[], allowShift: boolean): Promise<void>;
  clearHistory(): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: readonly Token[]): Promise<void>;
  evaluate(tokens: readonly Token[], options: EvaluateOptions): AsyncGenerator<Token, void, undefined>;
}

export interface EvaluateOptions {
  readonly temperature: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly seed: number;
  readonly repeatPenalty?: Readonly<Record<string, unknown>>;
  readonly tokenBias?: () => LlamaTokenBias;
  readonly grammarEvaluationState?: object;
}

/** A Jinja template, by the engine that comes with node-llama-cpp. */
export interface JinjaTemplate {
  render(context: Readonly<Record<string, unknown>>): string;
}

export interface LlamaModules {
  readonly llama: LlamaLibrary;
  readonly Template: new (text: string) => JinjaTemplate;
}

/**
 * Loads node-llama-cpp from where Weir is installed, or else from one of the given folders.
 *
 * @throws WeirError `engine.not_installed`, with the command that installs it.
 */
export async function loadLlama(folders: readonly string[] = [process.cwd()]): Promise<LlamaModules> {
  const places = [import.meta.url, ...folders.map(folder => pathToFileURL(join(folder, 'package.json')).href)];
  for (const place of places) {
    const found = resolve(place, 'node-llama-cpp');
    if (found === undefined) continue;
    const jinja = resolve(pathToFileURL(found).href, '@huggingface/jinja');
    if (jinja === undefined) break;
    const [llama, { Template }] = await Promise.all([
      import(pathToFileURL(found).href) as Promise<LlamaLibrary>,
      import(pathToFileURL(jinja).href) as Promise<{ readonly Template: LlamaModules['Template'] }>,
    ]);
    return { llama, Template };
  }
  throw new WeirError('engine.not_installed', 'Serving a GGUF file needs node-llama-cpp, which is not installed.', {
    hint: `npm install --ignore-scripts node-llama-cpp@${LLAMA_VERSION}`,
  });
}

function resolve(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
