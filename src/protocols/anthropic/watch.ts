import { Buffer } from 'node:buffer';
import type { EventWatch } from '#protocols/event-relay.js';
import { asText, isObject, type Json } from '#protocols/json.js';
import { type AnswerUsage, finishWord } from '#protocols/neutral/answer.js';
import type { StreamEnd } from '#protocols/protocol.js';
import { usageFrom } from './terms.js';

const MARKS = ['message_start', 'message_delta', 'message_stop', '"error"'].map(text => Buffer.from(text));

/** What is learnt from an Anthropic stream that passes through. */
export class MessagesWatch implements EventWatch {
  readonly marks = MARKS;
  private usage: AnswerUsage | undefined;
  /** The tokens of the answer have been counted: a stream begins with the prompt's. */
  private counted = false;
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
        this.counted ||= isObject(event.usage);
        if (isObject(event.delta)) this.finish = finishWord(event.delta.stop_reason) ?? this.finish;
        break;
      case 'message_stop':
        this.stopped = true;
        this.counted = true;
        break;
      case 'error':
        this.error = (isObject(event.error) ? asText(event.error.message).slice(0, 200) : '') || 'no message';
        break;
    }
  }

  end(): StreamEnd {
    const { usage, counted, finish, error } = this;
    const told = counted ? { usage } : { usage: undefined, begun: usage };
    return { complete: this.stopped && error === undefined, ...told, finish, error };
  }
}
