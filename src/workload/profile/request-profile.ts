import type {
  Archetype,
  Heaviness,
  Modality,
  PromptPrefix,
  TokenEstimator,
  WorkloadProfile,
} from '#contract/profile.js';
import type { ContentPart, InferenceRequest, Message } from '#contract/request.js';
import type { Tokens } from '#contract/units.js';
import { applicationOf, sessionOf, systemOf } from './identity.js';
import type { LengthFacts, OutputLengths, OutputQuantiles } from './output-lengths.js';
import { chainOf } from './prefix-chain.js';

/** A conversation this deep is an agent's even if it offers no tools (`wrp.md` §1.2: 2 messages are a cold chat, 20 a deep agent). */
const AGENT_DEPTH = 20;
/** Prompt over expected output tokens: from here on reading dominates (Mooncake's conversations: 35, Azure's code: 75) … */
const PREFILL_HEAVY = 16;
/** … and up to here writing does (LMSYS's chats: about 1). Azure's conversations, at 5, are balanced. */
const DECODE_HEAVY = 2;
/** What an image, audio or file is taken to cost: an image of 1,024 × 1,024 at high detail by OpenAI's rule. */
const MEDIA_TOKENS = 765;

/** What all profiles of one {@link Profiler} share. */
export interface ProfileSources {
  readonly sessionHeaders: readonly string[];
  readonly blockBytes: number;
  readonly tokens: TokenEstimator;
  readonly lengths: OutputLengths;
}

/** The facts of one request: what one look at every message's kind gives at once, all that reads text on first use. */
export class RequestProfile implements WorkloadProfile {
  readonly archetype: Archetype;
  readonly turn: number;
  readonly warmth: 'warm' | 'cold';
  /** Of the latest part that is not text: the model has to take it wherever it stands, and what the last turn brings leads. */
  readonly modality: Modality;
  /** Images, audios and files in the prompt. */
  readonly media: number;

  private knownSystem: string | undefined;
  private knownSession: string | undefined;
  private knownApplication: string | undefined;
  private knownOutput: OutputQuantiles | undefined;
  private knownHeaviness: Heaviness | undefined;
  private knownPrefix: PromptPrefix | undefined;

  constructor(
    private readonly request: InferenceRequest,
    private readonly sources: ProfileSources,
  ) {
    let turn = 0;
    let depth = 0;
    let media = 0;
    let answered = false;
    let usesTools = request.tools.length > 0;
    let modality: Modality = 'text';
    for (const message of request.messages) {
      if (message.role !== 'system') depth++;
      if (message.role === 'assistant') answered = true;
      else if (message.role === 'tool') usesTools = true;
      else if (message.role === 'user' && isTurn(message)) turn++;
      for (const part of message.content) {
        const kind = part.type;
        if (kind === 'image' || kind === 'audio' || kind === 'file') {
          modality = kind;
          media++;
        } else if (kind === 'tool_call' || kind === 'tool_result') usesTools = true;
      }
    }
    this.archetype = archetypeOf(depth, usesTools);
    this.turn = turn;
    this.warmth = answered ? 'warm' : 'cold';
    this.modality = modality;
    this.media = media;
  }

  get promptBytes(): number {
    return this.request.promptBytes;
  }

  get session(): string {
    this.knownSession ??= sessionOf(this.request, this.sources.sessionHeaders, this.system);
    return this.knownSession;
  }

  get application(): string {
    this.knownApplication ??= applicationOf(this.request, this.system);
    return this.knownApplication;
  }

  get outputTokens(): OutputQuantiles {
    this.knownOutput ??= this.expectOutput();
    return this.knownOutput;
  }

  get heaviness(): Heaviness {
    this.knownHeaviness ??= heavinessOf(this.promptTokens(), this.outputTokens.p50);
    return this.knownHeaviness;
  }

  promptTokens(model?: string): Tokens {
    return this.sources.tokens.estimate(this.request.promptBytes, model) + this.media * MEDIA_TOKENS;
  }

  prefix(): PromptPrefix {
    const { blockBytes, tokens } = this.sources;
    this.knownPrefix ??= {
      hashes: chainOf(this.request, blockBytes),
      blockTokens: tokens.estimate(blockBytes),
    };
    return this.knownPrefix;
  }

  /** What its answer's length is told by. */
  lengthFacts(): LengthFacts {
    const { session } = this;
    return { caller: session.slice(0, session.indexOf('/')), promptTokens: this.promptTokens() };
  }

  private get system(): string {
    this.knownSystem ??= systemOf(this.request.messages);
    return this.knownSystem;
  }

  private expectOutput(): OutputQuantiles {
    const expected = this.sources.lengths.expected(this.application, this.archetype, this.lengthFacts());
    const cap = this.request.sampling.maxOutputTokens;
    if (cap === undefined || cap >= expected.p75) return expected;
    return { p50: Math.min(cap, expected.p50), p75: cap };
  }
}

/** A user message that only brings tool results is the machine's, not a turn of the user's. */
function isTurn(message: Message): boolean {
  return message.content.length === 0 || message.content.some(isNoToolResult);
}

function isNoToolResult(part: ContentPart): boolean {
  return part.type !== 'tool_result';
}

/** @param depth messages so far, system prompts left out. */
export function archetypeOf(depth: number, usesTools: boolean): Archetype {
  return usesTools || depth >= AGENT_DEPTH ? 'agent' : 'chat';
}

export function heavinessOf(promptTokens: Tokens, outputTokens: Tokens): Heaviness {
  const ratio = promptTokens / Math.max(1, outputTokens);
  if (ratio >= PREFILL_HEAVY) return 'prefill';
  return ratio <= DECODE_HEAVY ? 'decode' : 'balanced';
}
