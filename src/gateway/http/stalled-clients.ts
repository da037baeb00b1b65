import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Milliseconds } from '#contract/units.js';

/** A connection on which an answer may be under way. */
type ClientSocket = Socket & { readonly _httpMessage?: object | null };

/**
 * Closes the connections of clients that take nothing of what waits for them: they would hold a replica's place, and the memory of their
 * answer, for as long as they like. One that waits for its answer is left alone, one that is idle is closed when its time is over.
 *
 * @param limit how long nothing may be taken; for connections to come.
 */
export function dropStalledClients(server: Server, limit: Milliseconds): void {
  server.timeout = limit;
  // Where somebody listens, Node closes nothing itself.
  server.on('timeout', (socket: ClientSocket) => {
    if (socket.writableLength > 0 || !socket._httpMessage) socket.destroy();
  });
}
