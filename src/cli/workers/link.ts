import { errorOf, type Failure, failureOf } from './failures.js';

/** One end of the channel between two processes, as `process` and a cluster worker both have it. */
export interface Port {
  send(message: object, callback: (error: Error | null) => void): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

type Message =
  | { readonly weir: 'ask'; readonly call: number; readonly ask: unknown }
  | { readonly weir: 'answer'; readonly call: number; readonly value?: unknown; readonly failure?: Failure };

/** Questions under way at once in one direction. */
const MOST_CALLS = 1024;

/**
 * Questions and answers between supervisor and worker. What is asked and answered is plain data; an answer that does not come in time is a
 * failure.
 */
export class Link<Out, In> {
  private readonly calls = new Map<number, (message: Message & { weir: 'answer' }) => void>();
  private last = 0;

  /** @param answer what the other side is told; a rejection reaches it as a failure. */
  constructor(
    private readonly port: Port,
    private readonly answer: (ask: In) => unknown,
  ) {
    port.on('message', message => {
      const { weir } = (message ?? {}) as Partial<Message>;
      if (weir === 'ask') void this.reply(message as Message & { weir: 'ask' });
      else if (weir === 'answer') this.calls.get((message as Message).call)?.(message as Message & { weir: 'answer' });
    });
  }

  /** Asks the other side. Rejects when it fails, is gone, or takes longer than `limit` ms. */
  ask(ask: Out, limit = 5000): Promise<unknown> {
    if (this.calls.size >= MOST_CALLS) return Promise.reject(new Error('too many questions between processes'));
    return new Promise((resolve, reject) => {
      const call = ++this.last;
      const settle = (failure: Error | undefined, value?: unknown): void => {
        if (!this.calls.delete(call)) return;
        clearTimeout(timer);
        if (failure === undefined) resolve(value);
        else reject(failure);
      };
      const timer = setTimeout(() => settle(new Error('the other process did not answer in time')), limit);
      this.calls.set(call, ({ failure, value }) => settle(failure === undefined ? undefined : errorOf(failure), value));
      this.send({ weir: 'ask', call, ask }, error => settle(error));
    });
  }

  /** Resolves when every question asked so far has been answered, or given up. */
  async idle(): Promise<void> {
    while (this.calls.size > 0) await new Promise(resolve => setTimeout(resolve, 10));
  }

  private async reply({ call, ask }: Message & { weir: 'ask' }): Promise<void> {
    try {
      this.send({ weir: 'answer', call, value: await this.answer(ask as In) }, () => {});
    } catch (error) {
      this.send({ weir: 'answer', call, failure: failureOf(error) }, () => {});
    }
  }

  private send(message: Message, failed: (error: Error) => void): void {
    try {
      this.port.send(message, error => {
        if (error !== null) failed(error);
      });
    } catch (error) {
      failed(error as Error);
    }
  }
}
