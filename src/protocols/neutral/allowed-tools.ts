import { asText, isObject, objectsIn } from '#protocols/json.js';
import { unsupported } from '#protocols/unsupported.js';
import type { Conversation, Tool } from './conversation.js';

/** Names of the tools in a list of those that are allowed, as Chat nests them and Responses spreads them; what has no name has its type's. */
export function allowedNames(tools: unknown): readonly string[] {
  return objectsIn(tools).map(tool => {
    const { name } = isObject(tool.function) ? tool.function : isObject(tool.custom) ? tool.custom : tool;
    return asText(name) || asText(tool.type);
  });
}

/**
 * A conversation with no other tools than those that the client allows: other APIs have no way to send a tool and forbid it. Where it allows none
 * that is there, none is called.
 *
 * @throws WeirError `request.unsupported` when a call is wanted, and no tool that could be called can be sent.
 */
export function withAllowedTools(conversation: Conversation): Conversation {
  const { toolChoice, tools } = conversation;
  if (toolChoice === undefined) return conversation;
  if (toolChoice.kind === 'tool') {
    demandOne(tools.filter(({ name }) => name === toolChoice.name));
    return conversation;
  }
  const { kind, only } = toolChoice;
  const allowed = only === undefined ? tools : tools.filter(({ name }) => only.includes(name));
  if (kind === 'required') demandOne(allowed);
  if (only === undefined) return conversation;
  return allowed.length === 0
    ? { ...conversation, toolChoice: { kind: 'none' } }
    : { ...conversation, tools: allowed, toolChoice: { kind } };
}

function demandOne(tools: readonly Tool[]): void {
  if (tools.length === 0) throw unsupported('a tool has to be called that cannot be sent there', 'tool_choice');
}
