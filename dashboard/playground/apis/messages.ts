import { type Api, midway } from './api.js';

/** Anthropic's API wants a bound on each answer. */
const MAX_TOKENS = 4096;

interface Event {
  readonly type: string;
  readonly delta?: {
    readonly type?: string;
    readonly text?: string;
    readonly thinking?: string;
    readonly stop_reason?: string | null;
  };
  readonly usage?: { readonly output_tokens?: number };
  readonly error?: { readonly message?: string; readonly code?: string; readonly type?: string };
}

export const messagesApi: Api = {
  name: 'messages',
  label: 'Messages',
  path: '/v1/messages',
  body: ({ model, system, messages }) => ({
    model,
    ...(system === '' ? {} : { system }),
    messages,
    max_tokens: MAX_TOKENS,
    stream: true,
  }),
  reader(listener) {
    let completionTokens: number | undefined;
    let finish: string | undefined;
    return {
      read(data) {
        const { type, delta, usage, error } = JSON.parse(data) as Event;
        if (type === 'error') throw midway(error ?? {});
        completionTokens = usage?.output_tokens ?? completionTokens;
        if (type === 'content_block_delta' && delta?.thinking) listener.thought(delta.thinking);
        if (type === 'content_block_delta' && delta?.text) listener.text(delta.text);
        if (type === 'message_delta') finish = delta?.stop_reason ?? finish;
        return type === 'message_stop';
      },
      ending: () => ({ completionTokens, finish: finish === 'max_tokens' ? 'length' : finish }),
    };
  },
};
