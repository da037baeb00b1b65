import { type Api, midway } from './api.js';

interface Event {
  readonly type: string;
  readonly delta?: string;
  readonly message?: string;
  readonly code?: string | null;
  readonly response?: {
    readonly usage?: { readonly output_tokens?: number } | null;
    readonly error?: { readonly message?: string; readonly code?: string | null } | null;
    readonly incomplete_details?: { readonly reason?: string } | null;
  };
}

export const responsesApi: Api = {
  name: 'responses',
  label: 'Responses',
  path: '/v1/responses',
  body: ({ model, system, messages }) => ({
    model,
    ...(system === '' ? {} : { instructions: system }),
    input: messages,
    stream: true,
    store: false,
  }),
  reader(listener) {
    let completionTokens: number | undefined;
    let finish: string | undefined;
    return {
      read(data) {
        if (data === '[DONE]') return true;
        const event = JSON.parse(data) as Event;
        const { type, delta, response } = event;
        if (type === 'error') throw midway(event);
        if (type === 'response.failed') throw midway(response?.error ?? {});
        if (type === 'response.output_text.delta' && delta) listener.text(delta);
        if (/^response\.reasoning(?:_summary)?_text\.delta$/.test(type) && delta) listener.thought(delta);
        if (type !== 'response.completed' && type !== 'response.incomplete') return false;
        completionTokens = response?.usage?.output_tokens;
        const reason = response?.incomplete_details?.reason;
        finish = reason === 'max_output_tokens' ? 'length' : (reason ?? 'stop');
        return true;
      },
      ending: () => ({ completionTokens, finish }),
    };
  },
};
