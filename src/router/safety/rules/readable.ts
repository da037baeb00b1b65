const UNPRINTABLE = /[^\P{C}\n\r\t]/u;
const WORDS = /\p{L}{2,}/gu;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The bytes as text, when they are text that someone wrote: UTF-8, printable, most of it words. */
export function readableText(bytes: Uint8Array): string | undefined {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return undefined;
  }
  if (UNPRINTABLE.test(text)) return undefined;
  let letters = 0;
  for (const [word] of text.matchAll(WORDS)) letters += word.length;
  return letters >= text.length * 0.6 ? text : undefined;
}
