import type { InferenceRequest } from '#contract/request.js';

/** What can come with a request beside text. */
export const GIVEN = ['image', 'audio', 'file'] as const;
export type Given = (typeof GIVEN)[number];

/** The first of these kinds of content that the conversation has, in a message or in the result of a tool. */
export function firstGiven({ messages }: InferenceRequest, given: readonly Given[]): Given | undefined {
  for (const { content } of messages) {
    for (const part of content) {
      const { type } = part;
      if ((type === 'image' || type === 'audio' || type === 'file') && given.includes(type)) return type;
      if (part.type !== 'tool_result' || part.media === undefined) continue;
      const brought = part.media.find(medium => given.includes(medium.type));
      if (brought !== undefined) return brought.type;
    }
  }
  return undefined;
}
