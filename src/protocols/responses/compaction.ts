import type { SentText, TextRewrite } from '#contract/answer-guard.js';
import type { InferenceRequest } from '#contract/request.js';
import { type Json, objectsIn, parsedObject } from '#protocols/json.js';
import { jsonBody } from '#protocols/json-body.js';
import type { AnswerFacts, Envelope, Inbound, Memory, Protocol } from '#protocols/protocol.js';
import { unsupported } from '#protocols/unsupported.js';
import { inputItems } from './items.js';
import { openaiResponses, ResponsesInbound } from './responses.js';
import { usageFrom } from './terms.js';

const NEEDS = 'compacting a conversation needs an engine that speaks Responses';

/** A conversation to be compacted: read, remembered and placed as one to be answered would be. */
class CompactionInbound implements Inbound {
  readonly request: InferenceRequest;
  readonly wantsUsage = false;
  readonly memory?: Memory;

  constructor(private readonly whole: ResponsesInbound) {
    // There is no stream of this, whatever the body says.
    this.request = { ...whole.request, stream: false };
    const { previous, references } = whole.memory;
    if (previous === undefined && references.length === 0) return;
    this.memory = {
      ...{ ...whole.memory, store: false },
      resume: (items, found) => new CompactionInbound(whole.memory.resume(items, found)),
    };
  }

  /** What a route asks of an answer (a prompt, a limit, an effort) is not asked of a summary: the API has no place for it. */
  bodyFor(servedModel: string): Buffer {
    return this.whole.bodyFor(servedModel, {});
  }

  sentTexts(): readonly SentText[] {
    return this.whole.sentTexts();
  }

  rewritten(rewrite: TextRewrite): Inbound {
    return new CompactionInbound(this.whole.rewritten(rewrite));
  }

  conversation(): never {
    throw unsupported(NEEDS, 'model');
  }

  writer(): never {
    throw unsupported(NEEDS, 'model');
  }
}

/**
 * Compaction of a Responses conversation: `POST /v1/responses/compact`. What comes back is sealed by its maker, so Weir cannot make it
 * itself; clients of other engines sum the conversation up with an ordinary request.
 */
export const openaiCompaction: Protocol = {
  name: 'openai-compaction',
  api: 'responses',
  kind: 'generation',
  enginePath: '/v1/responses/compact',
  partial: true,

  read(bytes: Buffer, envelope: Envelope): Inbound {
    const { text, body } = jsonBody(bytes);
    return new CompactionInbound(new ResponsesInbound({ bytes, text, body, envelope, own: itemsOf(body) }, []));
  },

  factsOf(latin1): AnswerFacts | undefined {
    const body = parsedObject(latin1);
    if (body === undefined || objectsIn(body.output).length === 0) return undefined;
    return { usage: usageFrom(body.usage), finish: undefined };
  },

  relay(): never {
    throw unsupported('a compacted conversation is not streamed', 'stream');
  },
  errorBody: openaiResponses.errorBody,
  errorEvent: openaiResponses.errorEvent,
};

/** What is to be compacted may be an earlier response and nothing more. */
function itemsOf({ input, previous_response_id: previous }: Json): readonly Json[] {
  return (input === undefined || input === null) && typeof previous === 'string' ? [] : inputItems(input);
}
