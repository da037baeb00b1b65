import type { Api } from './api.js';
import { chatApi } from './chat.js';
import { messagesApi } from './messages.js';
import { responsesApi } from './responses.js';

export const APIS: readonly Api[] = [chatApi, messagesApi, responsesApi];

export function apiNamed(name: string): Api {
  return APIS.find(api => api.name === name) ?? chatApi;
}
