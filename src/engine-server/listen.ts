import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EngineMetrics } from './engine-metrics.js';
import { type EngineService, serve } from './service.js';

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Stops listening, ends what is open, and closes the backend. */
  close(): Promise<void>;
  /** As {@link Listening.close}, once everything that was asked has been answered. */
  retire(): Promise<void>;
}

/** Serves a backend over HTTP. Rejects with what the system says when it cannot listen; then the backend is closed. */
export async function listen(
  engine: Omit<EngineService, 'metrics'>,
  at: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const { backend, servedAs } = engine;
  const service: EngineService = {
    ...engine,
    metrics: new EngineMetrics(servedAs, backend.facts, () => backend.stats()),
  };
  let open = 0;
  let emptied = (): void => undefined;
  const server = createServer((request, response) => {
    open++;
    response.once('close', () => {
      open--;
      if (open === 0) emptied();
    });
    void serve(service, request, response);
  });
  server.keepAliveTimeout = 75_000;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(at, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    await backend.close();
    throw error;
  }
  const address = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>(resolve => server.close(() => resolve()));
    server.closeAllConnections();
    await Promise.all([backend.close(), closed]);
  };
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    port: address.port,
    close,
    async retire() {
      server.close();
      if (open > 0) {
        await new Promise<void>(resolve => {
          emptied = resolve;
        });
      }
      await close();
    },
  };
}
