import { parentPort, workerData } from 'node:worker_threads';
import { ResponseDatabase } from './response-database.js';
import type { FromResponseThread, ResponseAsk, ResponseThreadData, ToResponseThread } from './response-messages.js';

/** Entry of the thread that owns the database of stored responses. Questions are answered in the order in which they come. */

const { path, ...bounds } = workerData as ResponseThreadData;
const port = parentPort!;
let opened: ResponseDatabase | undefined;

port.on('message', ({ call, ask }: ToResponseThread) => {
  let reply: FromResponseThread;
  try {
    // Opened with the first question, so that a file that could not be opened is tried again.
    opened ??= new ResponseDatabase(path, bounds);
    reply = { call, value: answer(opened, ask) };
  } catch (error) {
    reply = { call, failure: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(reply);
  if (ask.kind === 'close') port.close();
});

function answer(responses: ResponseDatabase, ask: ResponseAsk): unknown {
  switch (ask.kind) {
    case 'put':
      return responses.put(ask.response, Date.now());
    case 'find':
      return responses.find(ask.owner, ask.id, Date.now());
    case 'conversation':
      return responses.conversation(ask.owner, ask.id, Date.now());
    case 'delete':
      return responses.delete(ask.owner, ask.id);
    case 'close':
      return responses.close();
  }
}
