import type { SentText, TextRewrite } from '#contract/answer-guard.js';
import type { InferenceRequest } from '#contract/request.js';
import { BodyEdits } from '#protocols/body-edits.js';
import { bodyRewritten, bodyTexts } from '#protocols/guards/request-texts.js';
import { invalid, type Json, modelOf, optional } from '#protocols/json.js';
import { jsonBody } from '#protocols/json-body.js';
import type { AnswerFacts, Envelope, Inbound, Protocol } from '#protocols/protocol.js';
import { unsupported } from '#protocols/unsupported.js';
import { openaiError } from './terms.js';

/** Texts one request may bring, as OpenAI bounds them. */
const MOST_INPUTS = 2048;
const CHARS_A_TOKEN = 4;

class EmbeddingsInbound implements Inbound {
  readonly request: InferenceRequest;
  readonly wantsUsage = false;

  constructor(
    private readonly bytes: Buffer,
    private readonly text: string,
    private readonly body: Json,
    envelope: Envelope,
  ) {
    this.request = requestOf(body, envelope);
  }

  bodyFor(servedModel: string): Buffer {
    const edits = new BodyEdits(this.bytes, this.text, this.body);
    if (this.body.model !== servedModel) edits.set('model', servedModel);
    return edits.applied();
  }

  sentTexts(): readonly SentText[] {
    return bodyTexts(this.body);
  }

  rewritten(rewrite: TextRewrite): Inbound {
    const { input } = this.body;
    // Tokens that come as numbers cannot be read here, and so not be changed.
    if (Array.isArray(input) && input.some(one => typeof one !== 'string'))
      throw unsupported('an input of token numbers cannot be changed', 'input');
    return openaiEmbeddings.read(bodyRewritten(this.bytes, rewrite), this.request);
  }

  conversation(): never {
    throw unsupported('embeddings need an engine with /v1/embeddings');
  }

  writer(): never {
    throw unsupported('embeddings need an engine with /v1/embeddings');
  }
}

function requestOf(body: Json, { id, arrivedAt, caller }: Envelope): InferenceRequest {
  const format = optional(body, 'encoding_format', 'string');
  if (format !== undefined && format !== 'float' && format !== 'base64') {
    throw invalid('encoding_format', 'Unknown encoding_format', 'float or base64');
  }
  const { texts, chars } = inputsOf(body.input);
  const user = optional(body, 'user', 'string');
  return {
    id,
    arrivedAt,
    model: modelOf(body),
    messages: [{ role: 'user', content: texts.map(text => ({ type: 'text', text })) }],
    tools: [],
    // Nothing is written: the work is the reading.
    sampling: { n: 1, structured: false, maxOutputTokens: 1 },
    stream: false,
    caller: user !== undefined && caller.user === undefined ? { ...caller, user: user.slice(0, 256) } : caller,
    metadata: {},
    promptBytes: chars,
  };
}

function inputsOf(input: unknown): { readonly texts: readonly string[]; readonly chars: number } {
  const right = 'a string, an array of strings, or tokens';
  if (typeof input === 'string') {
    if (input === '') throw invalid('input', 'input is empty', right);
    return { texts: [input], chars: input.length };
  }
  if (!Array.isArray(input) || input.length === 0) throw invalid('input', 'input must be a text', right);
  if (input.every(one => typeof one === 'number')) return { texts: [], chars: input.length * CHARS_A_TOKEN };
  if (input.length > MOST_INPUTS) throw invalid('input', `More than ${MOST_INPUTS} inputs`, `at most ${MOST_INPUTS}`);
  const texts: string[] = [];
  let chars = 0;
  input.forEach((one: unknown, at) => {
    if (typeof one === 'string') {
      texts.push(one);
      chars += one.length;
    } else if (Array.isArray(one)) chars += one.length * CHARS_A_TOKEN;
    else throw invalid(`input[${at}]`, 'An input must be a text', right);
  });
  return { texts, chars };
}

const PROMPT_TOKENS = /"prompt_tokens":\s*(\d{1,12})\b/;

/** OpenAI embeddings: `POST /v1/embeddings`. Vectors go to the client as they come, in whatever encoding it asked for. */
export const openaiEmbeddings: Protocol = {
  name: 'openai-embeddings',
  api: 'openai',
  kind: 'embedding',
  enginePath: '/v1/embeddings',
  partial: true,

  read(bytes, envelope) {
    const { text, body } = jsonBody(bytes);
    return new EmbeddingsInbound(bytes, text, body, envelope);
  },

  factsOf(text): AnswerFacts | undefined {
    const trimmed = text.trimEnd();
    if (!trimmed.startsWith('{') || !trimmed.endsWith('}') || !text.includes('"data"')) return undefined;
    // Megabytes of numbers are not parsed for one count. Quotes in strings are escaped, so this can be no text.
    const at = text.lastIndexOf('"usage"');
    const count = at < 0 ? undefined : PROMPT_TOKENS.exec(text.slice(at, at + 400))?.[1];
    const usage =
      count === undefined ? undefined : { promptTokens: Number(count), completionTokens: 0, cachedTokens: 0 };
    return { usage, finish: undefined };
  },

  relay(): never {
    throw unsupported('embeddings are not streamed');
  },
  errorBody: error => JSON.stringify({ error: openaiError(error) }),
  errorEvent: error => `data: ${JSON.stringify({ error: openaiError(error) })}\n\n`,
};
