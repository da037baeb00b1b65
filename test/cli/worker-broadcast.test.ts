import { type SupervisorLink, WorkerBroadcast } from '#cli/workers/others.js';
import { broadcastContract } from '../contracts/broadcast.js';

broadcastContract('the supervisor of workers', async count => {
  const all: WorkerBroadcast[] = [];
  for (let at = 0; at < count; at++) {
    // What `Answers` does with it: every other worker is told.
    const link = {
      ask: async (ask: { readonly text: string }) => {
        for (const [to, other] of all.entries()) if (to !== at) other.heard(ask.text);
      },
    };
    all.push(new WorkerBroadcast(link as unknown as SupervisorLink));
  }
  return all;
});
