import { randomUUID } from 'node:crypto';
import type { Cancel } from '#contract/clock.js';
import type { PromptPrefix } from '#contract/profile.js';
import type { Random } from '#contract/random.js';
import type { Tokens } from '#contract/units.js';
import type { BackendFacts, Choice, ChoiceEvent, Embedded, EngineBackend, Work } from '#engine-server/backend.js';
import { promptTooLong, roomFor } from '#engine-server/context-window.js';
import {
  type ChatRequest,
  DEFAULT_TEXT_TOKENS,
  demandedTool,
  promptText,
  promptTexts,
  type TextRequest,
} from '#engine-server/requests.js';
import type { EngineEvent, EngineStats, RetainedRange } from '#pool/engine/engine.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { type Answer, composeCall, composeText, withThoughts } from './answer.js';
import type { Pacer } from './pacer.js';
import { countTokens, type TokenisedPrompt, tokenise, tokensOf } from './prompt-prefix.js';

export interface SimulatedBackendOptions {
  readonly profile: EngineProfile;
  readonly pacer: Pacer;
  /** Name under which the model is served. */
  readonly servedAs: string;
  /** Median length of answers. */
  readonly answerTokens: Tokens;
  /** Where answers come from: forked for each by its prompt, so that the same prompt gets the same answer. */
  readonly random: Random;
  /** Told the text of each prompt; only where somebody asks. */
  readonly prompts?: { read(prefix: PromptPrefix, text: string): void } | undefined;
}

/** Answers without a model: words at the pace that the engine model computes. */
export class SimulatedBackend implements EngineBackend {
  readonly facts: BackendFacts;

  constructor(private readonly options: SimulatedBackendOptions) {
    const { model, contextTokens, blockTokens, totalBlocks, kvCache } = options.profile;
    this.facts = {
      ...{ root: model, fingerprint: 'weir-simulated', simulated: true },
      ...{ contextTokens, blockTokens, totalBlocks, kvCache: kvCache === 'fp8' ? kvCache : 'auto' },
    };
  }

  chat(body: ChatRequest, received = 0): Work {
    const prompt = this.prompt(promptText(body), 'messages');
    const most = roomFor(
      this.facts.contextTokens,
      prompt.tokens,
      body.max_completion_tokens ?? body.max_tokens,
      'messages',
    );
    const tool = demandedTool(body);
    const choices = Array.from({ length: body.n ?? 1 }, (_, index) => {
      if (tool === undefined) return this.textChoice(body, prompt, most, index, received);
      const call = { id: `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`, name: tool.name };
      return this.choice(prompt, composeCall(call, tool.parameters, most), received, this.retention(body));
    });
    return { promptTokens: prompt.tokens, choices };
  }

  complete(body: TextRequest, received = 0): Work {
    const prompts = promptTexts(body.prompt).map(text => this.prompt(simulatedText(text), 'prompt'));
    const choices = prompts.flatMap(prompt => {
      const most = roomFor(this.facts.contextTokens, prompt.tokens, body.max_tokens ?? DEFAULT_TEXT_TOKENS, 'prompt');
      return Array.from({ length: body.n ?? 1 }, (_, index) => this.textChoice(body, prompt, most, index, received));
    });
    return { promptTokens: prompts.reduce((sum, { tokens }) => sum + tokens, 0), choices };
  }

  cachedTokens(body: ChatRequest | TextRequest): Tokens {
    const text =
      'messages' in body ? promptText(body as ChatRequest) : simulatedText(promptTexts(body.prompt)[0] ?? '');
    const { prefix, tokens } = tokenise(text, this.options.servedAs);
    return this.options.pacer.cached(prefix, tokens);
  }

  tokenize(prompt: Pick<ChatRequest, 'messages' | 'tools'> | string): readonly number[] {
    return tokensOf(typeof prompt === 'string' ? prompt : promptText(prompt));
  }

  /** Vectors that mean nothing; equal texts have equal ones. */
  embed(texts: readonly string[], dimensions: number): readonly Embedded[] {
    return texts.map(text => {
      const { digest, tokens } = this.prompt(text, 'input');
      const random = this.options.random.fork(`embedding/${digest}`);
      const raw = Float32Array.from({ length: dimensions }, () => random.next() - 0.5);
      const length = Math.hypot(...raw) || 1;
      return { tokens, vector: raw.map(value => value / length) };
    });
  }

  stats(): EngineStats {
    return this.options.pacer.stats();
  }

  close(): void {
    this.options.pacer.close();
  }

  /** Counts and hashes a prompt, unless it is longer than the context window. */
  private prompt(text: string, path: 'messages' | 'prompt' | 'input'): TokenisedPrompt {
    const tokens = countTokens(text.length);
    if (tokens >= this.facts.contextTokens) throw promptTooLong(this.facts.contextTokens, tokens, path);
    const tokenised = tokenise(text, this.options.servedAs);
    this.options.prompts?.read(tokenised.prefix, text);
    return tokenised;
  }

  private textChoice(
    body: ChatRequest | TextRequest,
    prompt: TokenisedPrompt,
    most: Tokens,
    index: number,
    received: Tokens,
  ): Choice {
    const { profile, servedAs, answerTokens } = this.options;
    const name = servedAs === profile.model ? profile.model : `${servedAs} (timed as ${profile.model})`;
    const opening = `This is Weir's simulated ${name} on ${profile.gpu}; no model ran, only its timing is real. In place of an answer:`;
    const limits = {
      ...{ most, least: body.min_tokens ?? 0, median: answerTokens },
      ...{ ignoreEnd: body.ignore_eos === true, stop: body.stop },
    };
    const random = this.options.random.fork(`${prompt.digest}/${body.seed ?? ''}/${index}`);
    const answer = composeText(random, limits, opening);
    const whole = body.include_reasoning === true ? withThoughts(answer, most) : answer;
    return this.choice(prompt, whole, received, this.retention(body));
  }

  /** What is asked to be kept, in the time of the engine. */
  private retention({ retention_directives: asked }: ChatRequest | TextRequest): readonly RetainedRange[] | undefined {
    const { speed } = this.options.pacer;
    return asked?.map(({ start, end, priority, duration }) => ({
      ...{ start, end: end ?? Number.POSITIVE_INFINITY, priority },
      ...(typeof duration === 'number' && { durationMs: duration * 1000 * speed }),
    }));
  }

  private choice(
    prompt: TokenisedPrompt,
    answer: Answer,
    receivedTokens: Tokens,
    retention: readonly RetainedRange[] | undefined,
  ): Choice {
    const { pieces, finish, call, thoughts = 0 } = answer;
    const start = (listener: (event: ChoiceEvent) => void): Cancel => {
      const request = {
        ...{ promptTokens: prompt.tokens, outputTokens: pieces.length, prefix: prompt.prefix },
        ...{ receivedTokens, retention },
      };
      return this.options.pacer.submit(request, ({ kind, produced, cachedTokens }: EngineEvent) => {
        if (kind === 'token') {
          const text = pieces[produced - 1] ?? '';
          listener(produced <= thoughts ? { kind, text, cachedTokens, thought: true } : { kind, text, cachedTokens });
        } else if (kind === 'finished') listener({ kind, text: '', finish });
      });
    };
    return call === undefined ? { start } : { start, call };
  }
}

/** A token that came as a number is as long as any other: four characters stand for it. */
function simulatedText(prompt: string | readonly number[]): string {
  return typeof prompt === 'string' ? prompt : prompt.map(token => String(token).slice(-4).padStart(4, ' ')).join('');
}
