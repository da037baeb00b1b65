import { Buffer } from 'node:buffer';
import type { ThinkingPart } from '#contract/request.js';
import { asText, parsedObject } from '#protocols/json.js';

/** How every seal that Weir packed begins. An engine of the API that it travels in would refuse it: there it is taken out. */
export const PACKED = 'weir1.';

/**
 * Thoughts that only their maker can read (Anthropic's signatures, OpenAI's encrypted reasoning) must come back with the next
 * turn unchanged. Where the client speaks another API than the maker, the seal travels in that API's own place for one, packed
 * with what would otherwise be lost, and is unpacked when it comes back.
 */
export function packSeal({ text, signature, sealedBy, id }: ThinkingPart, withText: boolean): string {
  const packed = { by: sealedBy ?? 'nobody', signature, id, ...(withText ? { text } : undefined) };
  return PACKED + Buffer.from(JSON.stringify(packed)).toString('base64url');
}

/** The thought in a packed seal; `undefined` for one that Weir did not pack. It comes from the client: nothing in it is trusted. */
export function unpackSeal(packed: string, text: string): ThinkingPart | undefined {
  if (!packed.startsWith(PACKED)) return undefined;
  const inner = parsedObject(Buffer.from(packed.slice(PACKED.length), 'base64url').toString('utf8'));
  if (inner === undefined) return undefined;
  const said = typeof inner.text === 'string' ? inner.text : text;
  if (inner.by !== 'anthropic' && inner.by !== 'openai') return { type: 'thinking', text: said };
  return {
    type: 'thinking',
    text: said,
    sealedBy: inner.by,
    ...(typeof inner.signature === 'string' ? { signature: inner.signature } : undefined),
    ...(asText(inner.id) === '' ? undefined : { id: asText(inner.id) }),
  };
}
