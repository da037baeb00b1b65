import { type IncomingMessage, request } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** The members of a stream event that tests look at. */
export interface StreamEvent {
  readonly choices: readonly {
    readonly index: number;
    readonly delta?: { readonly role?: string; readonly content?: string; readonly tool_calls?: unknown };
    readonly text?: string;
    readonly finish_reason: string | null;
  }[];
  readonly usage?: unknown;
}

/** Asks a server on this machine; rejects when the connection breaks before the answer is whole. */
export function ask(url: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent: false }, response => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', chunk => {
        text += chunk;
      });
      response.on('error', error => reject(Object.assign(error, { partial: text })));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}

/** The `data:` payloads of an event stream, `[DONE]` left out, and whether it was there. */
export function readEvents(text: string): { readonly events: StreamEvent[]; readonly done: boolean } {
  const lines = text.split('\n\n').filter(line => line !== '');
  const payloads = lines.map(line => line.replace(/^data: /, ''));
  return {
    events: payloads.filter(one => one !== '[DONE]').map(one => JSON.parse(one) as StreamEvent),
    done: payloads.at(-1) === '[DONE]',
  };
}
