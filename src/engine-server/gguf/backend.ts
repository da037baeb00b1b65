import { randomUUID } from 'node:crypto';
import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Tokens } from '#contract/units.js';
import type {
  BackendFacts,
  Choice,
  ChoiceEvent,
  EngineBackend,
  FinishReason,
  ToolCall,
  Work,
} from '#engine-server/backend.js';
import { promptTooLong, roomFor } from '#engine-server/context-window.js';
import {
  type ChatRequest,
  DEFAULT_TEXT_TOKENS,
  demandedTool,
  promptTexts,
  type TextRequest,
} from '#engine-server/requests.js';
import type { EngineStats } from '#pool/engine/engine.js';
import { generateAnswer } from './answer.js';
import { answerForm, FORM_END } from './answer-form.js';
import type { LlamaGrammar, LlamaSequence, Token } from './library.js';
import type { GgufModel } from './model.js';
import { refuseWhatCannotBe, samplingOf, seedOf } from './sampling.js';
import { SequenceSlots } from './sequence-slots.js';

/** Requests that may wait for a sequence. */
const MOST_WAITING = 256;
/** KV cells that the metrics count as a block, as in vLLM. */
const BLOCK_TOKENS = 16;
/** No token of any model stands for more characters: a prompt longer than this many times the window need not be tokenised. */
const MOST_CHARS_PER_TOKEN = 512;

interface Wanted {
  readonly stops: readonly string[];
  readonly ends: FinishReason;
  readonly call?: ToolCall;
  readonly grammar?: LlamaGrammar | undefined;
}

/** Answers with a real model, in this process. */
export class GgufBackend implements EngineBackend {
  readonly facts: BackendFacts;
  private readonly slots: SequenceSlots<LlamaSequence>;
  private readonly running = new Set<Promise<void>>();
  private readonly counts = {
    promptTokens: 0,
    cachedTokens: 0,
    outputTokens: 0,
    submitted: 0,
    finished: 0,
    cancelled: 0,
  };
  private closed = false;

  constructor(
    private readonly gguf: GgufModel,
    private readonly random: Random,
  ) {
    const { name, contextTokens, computes } = gguf.facts;
    this.slots = new SequenceSlots(gguf.sequences, MOST_WAITING);
    this.facts = {
      ...{ root: name, fingerprint: `weir-gguf-${computes.split(' ', 1)[0]!.toLowerCase()}`, simulated: false },
      ...{ contextTokens, blockTokens: BLOCK_TOKENS, kvCache: 'auto' },
      totalBlocks: Math.ceil((contextTokens * gguf.sequences.length) / BLOCK_TOKENS),
    };
  }

  async chat(request: ChatRequest): Promise<Work> {
    refuseWhatCannotBe(request);
    this.checkLength(
      request.messages.reduce((sum, { content }) => sum + charsOf(content), 0),
      'messages',
    );
    const tool = demandedTool(request);
    const prompt = this.gguf.template.tokens(request);
    const asked = request.max_completion_tokens ?? request.max_tokens;
    const most = roomFor(this.facts.contextTokens, prompt.length, asked, 'messages');
    const grammar = await answerForm(request, tool, this.gguf.llama);
    const stops = [...request.stop, ...this.gguf.template.stops, ...(grammar === undefined ? [] : [FORM_END])];
    const choices = Array.from({ length: request.n ?? 1 }, (_, index) => {
      if (tool === undefined) return this.choice(request, prompt, most, index, { stops, ends: 'stop', grammar });
      const call = { id: `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`, name: tool.name };
      return this.choice(request, prompt, most, index, { stops, ends: 'tool_calls', call, grammar });
    });
    return { promptTokens: prompt.length, choices };
  }

  complete(request: TextRequest): Work {
    refuseWhatCannotBe(request);
    const prompts = promptTexts(request.prompt).map((text, at) => this.prompt(text, at));
    const wanted: Wanted = { stops: request.stop, ends: 'stop' };
    const choices = prompts.flatMap((prompt, at) => {
      const asked = request.max_tokens ?? DEFAULT_TEXT_TOKENS;
      const most = roomFor(this.facts.contextTokens, prompt.length, asked, 'prompt');
      const repeat = request.n ?? 1;
      return Array.from({ length: repeat }, (_, n) => this.choice(request, prompt, most, at * repeat + n, wanted));
    });
    return { promptTokens: prompts.reduce((sum, { length }) => sum + length, 0), choices };
  }

  stats(): EngineStats {
    const { slots, counts, facts } = this;
    const held = slots.all.reduce((sum, { nextTokenIndex }) => sum + Math.ceil(nextTokenIndex / BLOCK_TOKENS), 0);
    // llama.cpp does not say which sequences compute; those handed out hold the cells that nobody else can have.
    const usedBlocks = slots.busy === 0 ? 0 : Math.min(held, facts.totalBlocks);
    return {
      ...{ running: slots.busy, waiting: slots.waiters, usedBlocks, cachedBlocks: held - usedBlocks },
      ...{ totalBlocks: facts.totalBlocks, preemptions: 0, joules: 0, iterations: counts.outputTokens, ...counts },
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.running);
    await this.gguf.close();
  }

  private prompt(given: string | readonly number[], at: number): Token[] {
    const { model, template } = this.gguf;
    if (typeof given === 'string') {
      this.checkLength(given.length, 'prompt');
      const tokens = template.withStart(model.tokenize(given, false));
      if (tokens.length > 0) return tokens;
      throw new WeirError('request.invalid', 'The prompt has no token.', { path: `prompt.${at}` });
    }
    const vocabulary = vocabularySize(this.gguf);
    const wrong = given.findIndex(token => token < 0 || token >= vocabulary);
    if (wrong < 0) return [...given];
    throw new WeirError('request.invalid', `Tokens of this model are 0 to ${vocabulary - 1}.`, {
      path: `prompt.${wrong}`,
    });
  }

  private checkLength(chars: number, path: 'messages' | 'prompt'): void {
    const { contextTokens } = this.facts;
    if (chars > contextTokens * MOST_CHARS_PER_TOKEN) {
      throw promptTooLong(contextTokens, Math.ceil(chars / MOST_CHARS_PER_TOKEN), path);
    }
  }

  private choice(
    request: ChatRequest | TextRequest,
    prompt: readonly Token[],
    most: Tokens,
    index: number,
    { stops, ends, call, grammar }: Wanted,
  ): Choice {
    const { library, model } = this.gguf;
    const seed = seedOf(request.seed, index, () => this.random.below(2 ** 31));
    const start = (listener: (event: ChoiceEvent) => void) => {
      let left = false;
      const take = (sequence: LlamaSequence): void => {
        const drawn: Token[] = [];
        const sampling = {
          ...samplingOf(request, this.gguf, { seed, drawn }),
          ...(grammar && { grammarEvaluationState: new library.LlamaGrammarEvaluationState({ model, grammar }) }),
        };
        const order = { prompt, most, stops, ends, drawn, sampling };
        const run = this.run(sequence, order, listener, () => left || this.closed);
        this.running.add(run);
        void run.then(() => this.running.delete(run));
      };
      const leaveLine = this.slots.acquire(prompt, take);
      this.counts.submitted++;
      return () => {
        left = true;
        leaveLine();
      };
    };
    return call === undefined ? { start } : { start, call };
  }

  private async run(
    sequence: LlamaSequence,
    order: Parameters<typeof generateAnswer>[1],
    listener: (event: ChoiceEvent) => void,
    left: () => boolean,
  ): Promise<void> {
    const { counts } = this;
    // The caller of `start` hears nothing before it has returned.
    await Promise.resolve();
    const admitted = (cachedTokens: Tokens): void => {
      counts.promptTokens += order.prompt.length;
      counts.cachedTokens += cachedTokens;
    };
    await generateAnswer(sequence, order, { model: this.gguf.model, listener, left, admitted });
    counts.outputTokens += order.drawn.length;
    if (left()) counts.cancelled++;
    else counts.finished++;
    if (!this.closed) this.slots.release(sequence);
  }
}

function charsOf(content: ChatRequest['messages'][number]['content']): number {
  if (typeof content === 'string') return content.length;
  return (content ?? []).reduce((sum, part) => sum + (typeof part.text === 'string' ? part.text.length : 0), 0);
}

function vocabularySize({ model }: GgufModel): number {
  const metadata = model.fileInfo.metadata as {
    readonly tokenizer?: { readonly ggml?: { readonly tokens?: unknown } };
  };
  const tokens = metadata.tokenizer?.ggml?.tokens;
  return Array.isArray(tokens) ? tokens.length : 0;
}
