/** A provider of models over an API that Weir speaks, and the variable in which people keep their key to it. */
export interface Provider {
  readonly name: string;
  readonly variable: string;
  /** Base URL, without `/v1`. */
  readonly url: string;
}

/** Providers that speak OpenAI's chat API. */
export const PROVIDERS: readonly Provider[] = [
  { name: 'OpenAI', variable: 'OPENAI_API_KEY', url: 'https://api.openai.com' },
  { name: 'Anthropic', variable: 'ANTHROPIC_API_KEY', url: 'https://api.anthropic.com' },
  { name: 'Mistral', variable: 'MISTRAL_API_KEY', url: 'https://api.mistral.ai' },
  { name: 'DeepSeek', variable: 'DEEPSEEK_API_KEY', url: 'https://api.deepseek.com' },
  { name: 'Groq', variable: 'GROQ_API_KEY', url: 'https://api.groq.com/openai' },
  { name: 'OpenRouter', variable: 'OPENROUTER_API_KEY', url: 'https://openrouter.ai/api' },
  { name: 'Together', variable: 'TOGETHER_API_KEY', url: 'https://api.together.xyz' },
  { name: 'Fireworks', variable: 'FIREWORKS_API_KEY', url: 'https://api.fireworks.ai/inference' },
  { name: 'xAI', variable: 'XAI_API_KEY', url: 'https://api.x.ai' },
];

/** An engine that people run beside Weir, and where it listens unless told otherwise. */
export interface EngineKind {
  readonly name: string;
  readonly url: string;
}

export const ENGINES: readonly EngineKind[] = [
  { name: 'Ollama', url: 'http://127.0.0.1:11434' },
  { name: 'vLLM', url: 'http://127.0.0.1:8000' },
  { name: 'SGLang', url: 'http://127.0.0.1:30000' },
  { name: 'llama.cpp', url: 'http://127.0.0.1:8080' },
  { name: 'LM Studio', url: 'http://127.0.0.1:1234' },
];
