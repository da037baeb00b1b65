import type { Gateway } from '#gateway/gateway.js';
import { unknownModel } from '#gateway/named-model.js';
import type { Runtime } from '#gateway/runtime.js';
import { allowsModel, type Grant } from '#identity/grant.js';
import { sendJson } from './respond.js';
import type { Visit } from './routes.js';

/** `GET /v1/models`: real models and the names that ask for a decision, in the form of the client's API. */
export function modelsRoute({ gateway, request, response, grant }: Visit): void {
  const models = modelList(gateway.runtime, grant);
  if (!speaksAnthropic(request.headers)) {
    sendJson(response, 200, { object: 'list', data: models.map(model => openaiForm(model, gateway)) });
    return;
  }
  const data = models.map(anthropicForm);
  const [first_id, last_id] = [data[0]?.id ?? null, data.at(-1)?.id ?? null];
  sendJson(response, 200, { data, has_more: false, first_id, last_id });
}

/** `GET /v1/models/:name`. */
export function modelRoute({ gateway, request, response, parameter, grant }: Visit): void {
  const model = modelList(gateway.runtime, grant).find(({ name }) => name === parameter);
  if (model === undefined) throw unknownModel(gateway.runtime, parameter, grant);
  sendJson(response, 200, speaksAnthropic(request.headers) ? anthropicForm(model) : openaiForm(model, gateway));
}

/** Whether whoever asks is a client of Anthropic's API: they all name its version. */
export function speaksAnthropic(headers: NodeJS.Dict<string | string[]>): boolean {
  return headers['anthropic-version'] !== undefined;
}

interface Listed {
  readonly name: string;
  readonly virtual: boolean;
  readonly contextTokens?: number;
  readonly description?: string;
}

/** As far as the caller may use them. */
function modelList(runtime: Runtime, grant: Grant | undefined): Listed[] {
  const all = [
    ...[...runtime.router.virtualNames].map(name => ({ name, virtual: true })),
    ...[...runtime.models.values()].map(real),
  ];
  return grant === undefined ? all : all.filter(({ name }) => allowsModel(grant, name));
}

function real({
  name,
  contextTokens,
  description,
}: {
  name: string;
  contextTokens: number;
  description?: string;
}): Listed {
  return { name, virtual: false, contextTokens, ...(description === undefined ? undefined : { description }) };
}

function openaiForm(
  { name, virtual, contextTokens, description }: Listed,
  { runtime }: Gateway,
): Record<string, unknown> {
  return {
    id: name,
    object: 'model',
    created: 0,
    owned_by: 'weir',
    virtual,
    ...(contextTokens === undefined ? undefined : { max_model_len: contextTokens }),
    ...(runtime.embedding.has(name) ? { kind: 'embedding' } : undefined),
    ...(description === undefined ? undefined : { description }),
  };
}

function anthropicForm({ name, contextTokens, description }: Listed) {
  return {
    type: 'model',
    id: name,
    display_name: description ?? name,
    created_at: '1970-01-01T00:00:00Z',
    ...(contextTokens === undefined ? undefined : { max_input_tokens: contextTokens }),
  };
}
