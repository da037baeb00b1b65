import { type Api, midway } from './api.js';

interface Chunk {
  readonly error?: { readonly message?: string; readonly code?: string | null } | null;
  readonly usage?: { readonly completion_tokens?: number } | null;
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null; readonly reasoning_content?: string | null };
    readonly finish_reason?: string | null;
  }[];
}

export const chatApi: Api = {
  name: 'chat',
  label: 'Chat Completions',
  path: '/v1/chat/completions',
  body: ({ model, system, messages }) => ({
    model,
    messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), ...messages],
    stream: true,
    stream_options: { include_usage: true },
  }),
  reader(listener) {
    let completionTokens: number | undefined;
    let finish: string | undefined;
    return {
      read(data) {
        if (data === '[DONE]') return true;
        const { error, usage, choices } = JSON.parse(data) as Chunk;
        if (error) throw midway(error);
        completionTokens = usage?.completion_tokens ?? completionTokens;
        const choice = choices?.[0];
        finish = choice?.finish_reason ?? finish;
        if (choice?.delta?.reasoning_content) listener.thought(choice.delta.reasoning_content);
        if (choice?.delta?.content) listener.text(choice.delta.content);
        return false;
      },
      ending: () => ({ completionTokens, finish }),
    };
  },
};
