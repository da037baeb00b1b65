import type { ContentPart, InferenceRequest } from '#contract/request.js';
import { mapStrings } from '#protocols/guards/strings.js';
import { parsedObject } from '#protocols/json.js';

/** Every text of a request in which personal data may stand, what its metadata says among them; the arguments of tools text by text. */
export function personalTexts(request: InferenceRequest, system: boolean): string[] {
  const texts: string[] = [];
  for (const message of request.messages) {
    if (message.role === 'system' && !system) continue;
    for (const part of message.content) textsOf(part, texts);
  }
  for (const [key, value] of Object.entries(request.metadata)) if (key !== NO_TEXT) texts.push(value);
  return texts;
}

/** What keeps prefix caches of engines apart: told with the metadata, read by no model. */
const NO_TEXT = 'cache_salt';

/** The texts of the system prompt. */
export function systemTexts(request: InferenceRequest): ReadonlySet<string> {
  const texts: string[] = [];
  for (const { role, content } of request.messages) {
    if (role === 'system') for (const part of content) textsOf(part, texts);
  }
  return new Set(texts);
}

function textsOf(part: ContentPart, into: string[]): void {
  if (part.type === 'text' || part.type === 'thinking' || part.type === 'tool_result') {
    if (part.text !== '') into.push(part.text);
  } else if (part.type === 'tool_call') {
    const parsed = parsedObject(part.arguments);
    if (parsed === undefined) into.push(part.arguments);
    else
      mapStrings(parsed, text => {
        into.push(text);
        return text;
      });
  }
}
