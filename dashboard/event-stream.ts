/** Longest event that is waited for: far more than any answer's, less than what would fill the tab. */
const MAX_EVENT_CHARS = 8 * 1024 * 1024;

/** A server-sent event: its name, `message` where it has none of its own, and its data. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** The server-sent events of a body that have data, as they come. An event left half at the end is dropped. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent, void> {
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
        const event = eventOf(block);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    reader.releaseLock();
  }
}

function eventOf(block: string): ServerEvent | undefined {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    else if (line.startsWith('event:')) name = line.slice(6).trim();
  }
  return data.length === 0 ? undefined : { name, data: data.join('\n') };
}
