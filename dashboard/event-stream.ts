/** Longest event that is waited for: far more than any answer's, less than what would fill the tab. */
const MAX_EVENT_CHARS = 8 * 1024 * 1024;

/** The `data` of each server-sent event in a body, as they come. An event left half at the end is dropped. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      if (rest.length > MAX_EVENT_CHARS) throw new Error('an event without end');
      for (const block of blocks) {
        const data = dataOf(block);
        if (data !== undefined) yield data;
      }
    }
  } finally {
    reader.releaseLock();
  }
}

function dataOf(block: string): string | undefined {
  const lines = block.split(/\r?\n/).filter(line => line.startsWith('data:'));
  return lines.length === 0 ? undefined : lines.map(line => line.slice(5).replace(/^ /, '')).join('\n');
}
