import { Buffer } from 'node:buffer';
import type { EventWatch } from '#protocols/event-relay.js';
import { asText, isObject, type Json } from '#protocols/json.js';
import type { AnswerUsage } from '#protocols/neutral/answer.js';
import type { StreamEnd } from '#protocols/protocol.js';
import { usageFrom } from './terms.js';

const MARKS = ['response.completed', 'response.incomplete', 'response.failed', '"error"'].map(text =>
  Buffer.from(text),
);

/** What is learnt from a Responses stream that passes through. */
export class ResponsesWatch implements EventWatch {
  readonly marks = MARKS;
  private usage: AnswerUsage | undefined;
  private finish: string | undefined;
  private whole: string | undefined;
  private error: string | undefined;
  private events = 0;

  see(event: Json): void {
    const { type } = event;
    if (typeof event.sequence_number === 'number') this.events = event.sequence_number + 1;
    if (type === 'response.completed' || type === 'response.incomplete') {
      const response = isObject(event.response) ? event.response : {};
      this.usage = usageFrom(response.usage);
      this.finish = type === 'response.completed' ? 'completed' : 'incomplete';
      this.whole = JSON.stringify(response);
    } else if (type === 'response.failed' || type === 'error') {
      const nested = isObject(event.response) ? event.response.error : (event.error ?? event);
      this.error = (isObject(nested) ? asText(nested.message).slice(0, 200) : '') || 'no message';
    }
  }

  end(): StreamEnd {
    const { usage, finish, error, whole, events } = this;
    return { complete: finish !== undefined && error === undefined, usage, finish, error, whole, events };
  }
}
