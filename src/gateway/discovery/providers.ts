import type { EngineApi } from '#protocols/protocol.js';

/** A provider of models over an API that Weir speaks, and the variable in which people keep their key to it. */
export interface Provider {
  readonly name: string;
  readonly variable: string;
  /** Base URL, without `/v1`. */
  readonly url: string;
  /** What its servers speak. */
  readonly api: EngineApi;
}

export const PROVIDERS: readonly Provider[] = [
  { name: 'OpenAI', variable: 'OPENAI_API_KEY', url: 'https://api.openai.com', api: 'openai' },
  { name: 'Anthropic', variable: 'ANTHROPIC_API_KEY', url: 'https://api.anthropic.com', api: 'anthropic' },
  { name: 'Mistral', variable: 'MISTRAL_API_KEY', url: 'https://api.mistral.ai', api: 'openai' },
  { name: 'DeepSeek', variable: 'DEEPSEEK_API_KEY', url: 'https://api.deepseek.com', api: 'openai' },
  { name: 'Groq', variable: 'GROQ_API_KEY', url: 'https://api.groq.com/openai', api: 'openai' },
  { name: 'OpenRouter', variable: 'OPENROUTER_API_KEY', url: 'https://openrouter.ai/api', api: 'openai' },
  { name: 'Together', variable: 'TOGETHER_API_KEY', url: 'https://api.together.xyz', api: 'openai' },
  { name: 'Fireworks', variable: 'FIREWORKS_API_KEY', url: 'https://api.fireworks.ai/inference', api: 'openai' },
  { name: 'xAI', variable: 'XAI_API_KEY', url: 'https://api.x.ai', api: 'openai' },
];

/** An engine that people run beside Weir, and where it listens unless told otherwise. */
export interface EngineKind {
  readonly name: string;
  readonly url: string;
  /** How it names itself as the owner of its models, where it does; how the name begins. */
  readonly owner: string;
}

export const ENGINES: readonly EngineKind[] = [
  { name: 'Ollama', url: 'http://127.0.0.1:11434', owner: 'library' },
  { name: 'vLLM', url: 'http://127.0.0.1:8000', owner: 'vllm' },
  { name: 'SGLang', url: 'http://127.0.0.1:30000', owner: 'sglang' },
  { name: 'llama.cpp', url: 'http://127.0.0.1:8080', owner: 'llamacpp' },
  { name: 'LM Studio', url: 'http://127.0.0.1:1234', owner: 'organization' },
];

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Engines to look for on this machine. Ollama's own variable, `OLLAMA_HOST`, says where else it listens: `host`, `host:port` or a URL, with
 * every address of the machine among its hosts.
 */
export function enginesToFind(env: Readonly<Record<string, string | undefined>>): readonly EngineKind[] {
  const { OLLAMA_HOST: said = '' } = env;
  const [, host = '', port = '11434'] =
    /^(?:http:\/\/)?(\[[\da-f:]+\]|[\w.-]*)(?::(\d{1,5}))?\/?$/i.exec(said.trim()) ?? [];
  const near = host === '' || host === '0.0.0.0' || host === '[::]' ? '127.0.0.1' : host;
  const url = `http://${near}:${port}`;
  if (said === '' || !LOOPBACK.test(near) || !URL.canParse(url)) return ENGINES;
  return ENGINES.map(engine => (engine.name === 'Ollama' ? { ...engine, url: new URL(url).origin } : engine));
}

const OWN_ENGINE = { name: 'weir engine', owner: 'weir-' };

/** What a server is, told by how it names itself; `undefined` where that tells nothing. Ports are free to be anyone's. */
export function engineNamed(owner: string | undefined): string | undefined {
  if (owner === undefined) return undefined;
  return [...ENGINES, OWN_ENGINE].find(engine => owner.toLowerCase().startsWith(engine.owner))?.name;
}
