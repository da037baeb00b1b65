import { Buffer } from 'node:buffer';
import type { EventWatch } from '#protocols/event-relay.js';
import { asText, isObject, type Json } from '#protocols/json.js';
import type { AnswerUsage } from '#protocols/neutral/answer.js';
import type { StreamEnd } from '#protocols/protocol.js';
import { usageFrom } from './terms.js';

const MARKS = ['message_start', 'message_delta', 'message_stop', '"error"'].map(text => Buffer.from(text));

/** What is learnt from an Anthropic stream that passes through. */
export class MessagesWatch implements EventWatch {
  readonly marks = MARKS;
  private usage: AnswerUsage | undefined;
  private finish: string | undefined;
  private stopped = false;
  private error: string | undefined;

  see(event: Json): void {
    switch (event.type) {
      case 'message_start':
        this.usage = usageFrom(isObject(event.message) ? event.message.usage : undefined, this.usage);
        break;
      case 'message_delta':
        this.usage = usageFrom(event.usage, this.usage);
        if (isObject(event.delta) && typeof event.delta.stop_reason === 'string') this.finish = event.delta.stop_reason;
        break;
      case 'message_stop':
        this.stopped = true;
        break;
      case 'error':
        this.error = (isObject(event.error) ? asText(event.error.message).slice(0, 200) : '') || 'no message';
        break;
    }
  }

  end(): StreamEnd {
    const { usage, finish, error } = this;
    return { complete: this.stopped && error === undefined, usage, finish, error };
  }
}
