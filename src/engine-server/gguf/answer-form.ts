import { WeirError } from '#contract/errors.js';
import type { ChatRequest } from '#engine-server/requests.js';
import type { Llama, LlamaGrammar } from './library.js';

/** Longest JSON schema that is made into a grammar, in characters of JSON. */
const MOST_SCHEMA = 32_000;

/** What a grammar of node-llama-cpp ends with: an answer that is held to one is whole when this comes. */
export const FORM_END = '\n\n\n\n';

/**
 * The grammar that the request holds its answer to, if any: the arguments of a demanded tool, or `response_format`.
 *
 * @throws WeirError `request.invalid` for a schema that is too long or cannot be made into a grammar.
 */
export async function answerForm(
  { response_format: format }: ChatRequest,
  tool: { readonly parameters: unknown } | undefined,
  llama: Llama,
): Promise<LlamaGrammar | undefined> {
  if (tool !== undefined) return schemaGrammar(tool.parameters, 'tools', llama);
  if (format === null || format === undefined || format.type === 'text') return undefined;
  if (format.type === 'json_object') return llama.getGrammarFor('json');
  if (format.type === 'json_schema')
    return schemaGrammar(format.json_schema?.schema, 'response_format.json_schema.schema', llama);
  throw new WeirError('request.invalid', `No response format is called ${format.type.slice(0, 50)}.`, {
    ...{ path: 'response_format.type', hint: 'text, json_object or json_schema' },
  });
}

async function schemaGrammar(schema: unknown, path: string, llama: Llama): Promise<LlamaGrammar> {
  const given = schema ?? { type: 'object' };
  if (typeof given !== 'object' || Array.isArray(given))
    throw new WeirError('request.invalid', 'A JSON schema is an object.', { path });
  if (JSON.stringify(given).length > MOST_SCHEMA)
    throw new WeirError('request.invalid', `The schema is longer than ${MOST_SCHEMA} characters.`, { path });
  try {
    return await llama.createGrammarForJsonSchema(given);
  } catch (cause) {
    throw new WeirError('request.invalid', 'The schema cannot be made into a grammar.', { path, cause });
  }
}
