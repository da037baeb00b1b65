import type { SentText, TextRewrite } from '#contract/answer-guard.js';
import type { InferenceRequest, Message } from '#contract/request.js';
import type { RouteParameters } from '#contract/route.js';
import { BodyEdits, capOutput } from '#protocols/body-edits.js';
import { bodyRewritten, bodyTexts } from '#protocols/guards/request-texts.js';
import { invalid, isObject, type Json, metadataOf, modelOf, optional, optionalCount } from '#protocols/json.js';
import { jsonBody } from '#protocols/json-body.js';
import type { Answer, AnswerEvent, Finish } from '#protocols/neutral/answer.js';
import type { Conversation } from '#protocols/neutral/conversation.js';
import type { AnswerHead, AnswerWriter, Envelope, Inbound, Protocol } from '#protocols/protocol.js';
import { unsupported } from '#protocols/unsupported.js';
import { answerFacts } from './chat-answer.js';
import { chatConversation } from './chat-conversation.js';
import { completionsForm } from './chat-form.js';
import { ChatStreamRelay } from './chat-stream.js';
import { answersAsked, asksForJson, choiceIndexes, openaiError, openaiUsage } from './terms.js';

/** Prompts one request may bring. */
const MOST_PROMPTS = 2048;
/** Answers that one request may ask for: to each of the prompts, as many as it says. */
const MOST_ANSWERS = 4096;
/** What a token that came as a number is taken to stand for, in characters. */
const CHARS_A_TOKEN = 4;
/** What the API gives when no limit is named. */
const DEFAULT_TOKENS = 16;

/** Prompts as texts; those that came as tokens are empty texts of a known length. */
interface Prompts {
  readonly texts: readonly string[];
  readonly chars: number;
  readonly tokens: boolean;
}

class CompletionsInbound implements Inbound {
  readonly request: InferenceRequest;
  readonly wantsUsage: boolean;
  private readonly prompts: Prompts;

  constructor(
    private readonly bytes: Buffer,
    private readonly text: string,
    private readonly body: Json,
    envelope: Envelope,
  ) {
    this.prompts = promptsOf(body.prompt);
    const { stream_options: options } = body;
    this.wantsUsage = isObject(options) && options.include_usage === true;
    this.request = requestOf(body, this.prompts, envelope);
  }

  bodyFor(servedModel: string, parameters: RouteParameters, injectUsage: boolean): Buffer {
    const edits = new BodyEdits(this.bytes, this.text, this.body);
    const { maxOutputTokens, temperature } = parameters;
    if (this.body.model !== servedModel) edits.set('model', servedModel);
    if (injectUsage) {
      const { stream_options: options } = this.body;
      edits.set('stream_options', { ...(isObject(options) ? options : undefined), include_usage: true });
    }
    if (temperature !== undefined) edits.set('temperature', temperature);
    // Without a limit this API gives less than any cap.
    if (typeof this.body.max_tokens === 'number') capOutput(edits, 'max_tokens', maxOutputTokens);
    return edits.applied();
  }

  /** One prompt as one message: what a chat model makes of it is the nearest thing to its continuation. */
  conversation(): Conversation {
    const { texts, tokens } = this.prompts;
    const [only] = texts;
    if (tokens) throw unsupported('a prompt of token numbers needs an engine with /v1/completions', 'prompt');
    if (texts.length !== 1 || only === undefined) {
      throw unsupported('several prompts at once need an engine with /v1/completions', 'prompt');
    }
    if (this.body.echo === true) throw unsupported('echo needs an engine with /v1/completions', 'echo');
    const { suffix, best_of: best } = this.body;
    if (typeof suffix === 'string' && suffix !== '')
      throw unsupported('suffix needs an engine with /v1/completions', 'suffix');
    if (typeof best === 'number' && best > 1)
      throw unsupported('best_of needs an engine with /v1/completions', 'best_of');
    const { prompt: _, echo: _echo, suffix: _suffix, best_of: _best, ...rest } = this.body;
    const conversation = chatConversation({ ...rest, messages: [{ role: 'user', content: only }] });
    return { ...conversation, maxOutputTokens: conversation.maxOutputTokens ?? DEFAULT_TOKENS };
  }

  sentTexts(): readonly SentText[] {
    return bodyTexts(this.body);
  }

  rewritten(rewrite: TextRewrite): Inbound {
    // Tokens that come as numbers cannot be read here, and so not be changed.
    if (this.prompts.tokens) throw unsupported('a prompt of token numbers cannot be changed', 'prompt');
    return openaiCompletions.read(bodyRewritten(this.bytes, rewrite), this.request);
  }

  writer(head: AnswerHead): AnswerWriter {
    return new CompletionsWriter(head, this.wantsUsage);
  }
}

function promptsOf(prompt: unknown): Prompts {
  if (typeof prompt === 'string') return { texts: [prompt], chars: prompt.length, tokens: false };
  const right = 'a string, an array of strings, or tokens';
  if (!Array.isArray(prompt) || prompt.length === 0) throw invalid('prompt', 'prompt must be a text', right);
  if (prompt.every(one => typeof one === 'number')) {
    return { texts: [''], chars: prompt.length * CHARS_A_TOKEN, tokens: true };
  }
  if (prompt.length > MOST_PROMPTS)
    throw invalid('prompt', `More than ${MOST_PROMPTS} prompts`, `at most ${MOST_PROMPTS}`);
  let chars = 0;
  let tokens = false;
  const texts = prompt.map((one: unknown, at) => {
    if (typeof one === 'string') {
      chars += one.length;
      return one;
    }
    if (!Array.isArray(one)) throw invalid(`prompt[${at}]`, 'A prompt must be a text', right);
    tokens = true;
    chars += one.length * CHARS_A_TOKEN;
    return '';
  });
  return { texts, chars, tokens };
}

function requestOf(body: Json, { texts, chars }: Prompts, envelope: Envelope): InferenceRequest {
  const { caller, id, arrivedAt } = envelope;
  const user = optional(body, 'user', 'string');
  const message: Message = { role: 'user', content: texts.map(text => ({ type: 'text', text })) };
  const temperature = optional(body, 'temperature', 'number');
  const seed = optional(body, 'seed', 'number');
  return {
    id,
    arrivedAt,
    model: modelOf(body),
    messages: [message],
    tools: [],
    sampling: {
      n: answersTo(texts.length, body),
      structured: asksForJson(body),
      maxOutputTokens: optionalCount(body, 'max_tokens', 0) ?? DEFAULT_TOKENS,
      ...(temperature === undefined ? undefined : { temperature }),
      ...(seed === undefined ? undefined : { seed }),
    },
    stream: optional(body, 'stream', 'boolean') === true,
    caller: user !== undefined && caller.user === undefined ? { ...caller, user: user.slice(0, 256) } : caller,
    metadata: metadataOf(body.metadata),
    promptBytes: chars,
  };
}

/** How many answers a request asks for, over all of its prompts. */
function answersTo(prompts: number, body: Json): number {
  const answers = answersAsked(body) * prompts;
  if (answers > MOST_ANSWERS) throw invalid('n', `More than ${MOST_ANSWERS} answers`, 'fewer answers or prompts');
  return answers;
}

class CompletionsWriter implements AnswerWriter {
  private readonly texts = new Set<number>();

  constructor(
    private readonly head: AnswerHead,
    private readonly wantsUsage: boolean,
  ) {}

  whole({ parts, finish, usage }: Answer): string {
    const text = parts.map(part => (part.type === 'text' || part.type === 'refusal' ? part.text : '')).join('');
    const counted = usage === undefined ? undefined : { usage: openaiUsage(usage) };
    const choices = choiceIndexes(this.head).map(index => choiceOf(index, text, endOf(finish)));
    return JSON.stringify({ ...this.common(), choices, ...counted });
  }

  event(event: AnswerEvent): string {
    switch (event.kind) {
      case 'open':
        if (event.part === 'text' || event.part === 'refusal') this.texts.add(event.block);
        return '';
      case 'delta':
        return this.texts.has(event.block) ? this.chunks(event.text, null) : '';
      case 'close':
        return '';
      case 'end': {
        const last = this.chunks('', endOf(event.finish));
        const counted =
          this.wantsUsage && event.usage !== undefined
            ? said({ ...this.common(), choices: [], usage: openaiUsage(event.usage) })
            : '';
        return `${last}${counted}data: [DONE]\n\n`;
      }
    }
  }

  private chunks(text: string, finish: string | null): string {
    let chunks = '';
    for (const index of choiceIndexes(this.head)) {
      chunks += said({ ...this.common(), choices: [choiceOf(index, text, finish)] });
    }
    return chunks;
  }

  private common(): Json {
    const { id, at, model } = this.head;
    return { id: `cmpl-${id}`, object: 'text_completion', created: Math.floor(at / 1000), model };
  }
}

function choiceOf(index: number, text: string, finish: string | null): Json {
  return { index, text, logprobs: null, finish_reason: finish };
}

function endOf(finish: Finish): string {
  return finish === 'length' ? 'length' : 'stop';
}

function said(chunk: Json): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

/** OpenAI's older text completions: `POST /v1/completions`. */
export const openaiCompletions: Protocol = {
  name: 'openai-completions',
  api: 'openai',
  kind: 'generation',
  enginePath: '/v1/completions',
  partial: true,
  answerForm: completionsForm,

  read(bytes, envelope) {
    const { text, body } = jsonBody(bytes);
    return new CompletionsInbound(bytes, text, body, envelope);
  },

  factsOf: text => answerFacts(text),
  relay: (stripUsage, answers) => new ChatStreamRelay(stripUsage, answers),
  errorBody: error => JSON.stringify({ error: openaiError(error) }),
  errorEvent: error => said({ error: openaiError(error) }),
};
