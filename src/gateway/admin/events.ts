import type { ServerResponse } from 'node:http';
import { WeirError } from '#contract/errors.js';
import type { Gateway } from '#gateway/gateway.js';
import { ADMIN_HEADERS } from './browser.js';
import type { EventSource } from './route.js';

/** Streams that may be open at once. */
const MAX_STREAMS = 64;
/** A comment this often tells proxies and the browser that the stream lives. */
const BEAT_MS = 15_000;

/** The server-sent event streams of a gateway. */
export class EventStreams {
  private open = 0;

  /**
   * Answers with events. A client that reads too slowly misses events instead of having them pile up: `send` then returns false,
   * and the source counts what was missed.
   *
   * @throws WeirError `gateway.overloaded` when too many streams are open.
   */
  answer(source: EventSource, response: ServerResponse, { runtime, draining }: Gateway): void {
    if (draining) throw new WeirError('gateway.draining', 'The gateway is shutting down');
    if (this.open >= MAX_STREAMS) {
      throw new WeirError('gateway.overloaded', `${this.open} streams are open already`, { retryAfterMs: 5000 });
    }
    this.open++;
    response.writeHead(200, { ...ADMIN_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
    response.flushHeaders();
    const write = (text: string): boolean => {
      if (response.destroyed || response.writableNeedDrain) return false;
      response.write(text);
      return true;
    };
    const stop = source(
      (event, data) => write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
      () => response.end(),
    );
    const beat = (): void => {
      write(': beat\n\n');
      cancelBeat = runtime.clock.after(BEAT_MS, beat);
    };
    let cancelBeat = runtime.clock.after(BEAT_MS, beat);
    response.once('close', () => {
      this.open--;
      cancelBeat();
      stop();
    });
  }
}
