import type { RouteParameters } from '#contract/route.js';
import { type BodyEdits, capOutput } from '#protocols/body-edits.js';
import { asText, isObject, objectsIn } from '#protocols/json.js';
import { memberSpan } from '#protocols/json-text.js';
import type { Conversation } from '#protocols/neutral/conversation.js';
import { PACKED } from '#protocols/neutral/seal.js';
import { mayThink, thinkingFor } from './thinking.js';

/** What must change in a Messages body for the served model and the route's parameters; everything else stays as it came. */
export function editMessages(
  edits: BodyEdits,
  conversation: Conversation,
  servedModel: string,
  parameters: RouteParameters,
): void {
  const { systemPrompt, reasoningEffort, maxOutputTokens, temperature } = parameters;
  if (edits.body.model !== servedModel) edits.set('model', servedModel);
  if (temperature !== undefined) edits.set('temperature', temperature);
  const foreign = edits.text.includes(PACKED);
  if (foreign) edits.set('messages', withoutForeignThoughts(edits.body.messages));
  if (systemPrompt !== undefined) putSystem(edits, systemPrompt);
  const thinking =
    reasoningEffort === undefined || !mayThink(conversation.messages)
      ? undefined
      : thinkingFor({ effort: reasoningEffort }, LEAST_ANSWER);
  if (thinking === undefined) {
    const { thinking: before } = edits.body;
    const wanted = isObject(before) && before.type === 'enabled';
    // Behind the use of a tool that another model thought of, Anthropic refuses to think on.
    const refused = foreign && wanted && !mayThink(conversation.messages);
    if (reasoningEffort === 'none' || refused) edits.set('thinking', { type: 'disabled' });
    capOutput(edits, 'max_tokens', maxOutputTokens);
    return;
  }
  edits.set('thinking', thinking.thinking);
  // Thoughts count as output, and the limit must leave room for both.
  const asked = conversation.maxOutputTokens ?? 0;
  const answer = maxOutputTokens === undefined ? asked : Math.min(asked, maxOutputTokens);
  const wanted = Math.max(answer, thinking.maxTokens);
  if (wanted !== asked) edits.set('max_tokens', wanted);
}

/**
 * The messages without thoughts of models that are not Anthropic's: it would take their seals for forgeries. A message of nothing else goes
 * with them: it takes no empty ones.
 */
function withoutForeignThoughts(messages: unknown): unknown {
  return objectsIn(messages).flatMap(message => {
    if (!Array.isArray(message.content) || !message.content.some(isForeignThought)) return [message];
    const content = message.content.filter(block => !isForeignThought(block));
    return content.length === 0 ? [] : [{ ...message, content }];
  });
}

function isForeignThought(block: unknown): boolean {
  return isObject(block) && block.type === 'thinking' && asText(block.signature).startsWith(PACKED);
}

/** Room for an answer behind the thoughts, where the client's limit leaves none. */
const LEAST_ANSWER = 1024;

function putSystem(edits: BodyEdits, { mode, text }: NonNullable<RouteParameters['systemPrompt']>): void {
  const { system } = edits.body;
  if (mode === 'replace' || system === undefined || system === null || system === '') {
    edits.set('system', text);
    return;
  }
  if (typeof system === 'string') {
    edits.set('system', mode === 'prepend' ? `${text}\n\n${system}` : `${system}\n\n${text}`);
    return;
  }
  const span = memberSpan(edits.text, 'system', true);
  if (span === undefined || !Array.isArray(system)) return;
  const block = JSON.stringify({ type: 'text', text });
  if (system.length === 0) edits.set('system', text);
  else if (mode === 'prepend') edits.insert(span.start + 1, `${block},`);
  else edits.insert(span.end - 1, `,${block}`);
}
