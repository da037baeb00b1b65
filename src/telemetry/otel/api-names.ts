/** `gen_ai.operation.name` of a request by the API it came in: all of them converse, unless their name says otherwise. */
export function operationOf(api: string): string {
  return api.endsWith('-embeddings') ? 'embeddings' : api.endsWith('-completions') ? 'text_completion' : 'chat';
}

/** `gen_ai.provider.name`: whose flavour of API was spoken, which is what that attribute tells telemetry by. */
export function providerOf(api: string): string {
  return api.split('-', 1)[0]!;
}
