import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Milliseconds } from '#contract/units.js';
import type { Receiver } from './settings.js';

const TIMEOUT: Milliseconds = 10_000;
const TRIES = 3;
/** Statuses after which OTLP lets one try again. */
const AGAIN = new Set([429, 502, 503, 504]);
const FIRST_WAIT: Milliseconds = 500;
const LONGEST_WAIT: Milliseconds = 5000;

/** Sends OTLP/HTTP in JSON, over one kept connection, trying again where the protocol allows it. */
export class Sender {
  private readonly url: URL;
  private readonly agent: HttpAgent;
  private readonly secure: boolean;

  constructor(private readonly receiver: Receiver) {
    this.url = new URL(receiver.url);
    this.secure = this.url.protocol === 'https:';
    this.agent = new (this.secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: 1 });
  }

  /** @returns what went wrong, when it could not be delivered. Never rejects. */
  async send(message: object): Promise<string | undefined> {
    const body = Buffer.from(JSON.stringify(message));
    let wait = FIRST_WAIT;
    for (let left = TRIES; ; left--) {
      const { failure, retry } = await this.post(body);
      if (failure === undefined || !retry || left === 1) return failure;
      await new Promise(resolve => setTimeout(resolve, wait).unref());
      wait = Math.min(LONGEST_WAIT, wait * 2);
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private post(body: Buffer): Promise<{ failure?: string; retry?: boolean }> {
    return new Promise(resolve => {
      const options = {
        agent: this.agent,
        method: 'POST',
        timeout: TIMEOUT,
        headers: { ...this.receiver.headers, 'content-type': 'application/json', 'content-length': body.length },
      };
      const call = (this.secure ? httpsRequest : httpRequest)(this.url, options, response => {
        response.resume();
        response.on('error', error => resolve({ failure: error.message, retry: true }));
        response.on('end', () => {
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) resolve({});
          else resolve({ failure: `status ${statusCode}`, retry: AGAIN.has(statusCode) });
        });
      });
      call.on('timeout', () => call.destroy(new Error('no answer in time')));
      call.on('error', error => resolve({ failure: error.message, retry: true }));
      call.end(body);
    });
  }
}
