import type { ToolForm } from '#contract/request.js';
import { parsedObject } from '#protocols/json.js';
import type { Conversation, Tool } from './conversation.js';

/** How the tools of a request are called, by name; what is not in it is a function. */
export type ToolForms = ReadonlyMap<string, ToolForm>;

export function formsOf({ tools }: Pick<Conversation, 'tools'>): ToolForms {
  return new Map(tools.flatMap(({ name, form }) => (form === undefined ? [] : [[name, form] as const])));
}

/** Schema of the one argument that a free-text tool has on engines that only know tools with JSON arguments. */
export const FREE_TEXT_SCHEMA = {
  type: 'object',
  properties: { input: { type: 'string', description: 'The input, as plain text.' } },
  required: ['input'],
  additionalProperties: false,
} as const;

/** The client's own shell, as a tool that any model can call. */
export const LOCAL_SHELL: Tool = {
  name: 'local_shell',
  form: 'local_shell',
  description: 'Runs a command on the local machine of the user and returns its output.',
  parameters: {
    type: 'object',
    properties: {
      command: { type: 'array', items: { type: 'string' }, description: 'The command and its arguments.' },
      working_directory: { type: 'string' },
      timeout_ms: { type: 'integer' },
      env: { type: 'object', additionalProperties: { type: 'string' } },
    },
    required: ['command'],
  },
};

/** Free text as the arguments that {@link FREE_TEXT_SCHEMA} describes. */
export function wrapFreeText(text: string): string {
  return JSON.stringify({ input: text });
}

/** The free text in such arguments; other arguments as they are, for the client to judge. */
export function unwrapFreeText(args: string): string {
  const parsed = parsedObject(args);
  return typeof parsed?.input === 'string' ? parsed.input : args;
}
