import { isWeirError } from '#contract/errors.js';
import { type EngineOrder, type EngineReport, RETIRE } from './engine-process.js';
import { type GgufServer, startGgufServer } from './server.js';

/** The process that {@link startGgufProcess} starts: serves one GGUF file until its parent is gone or lets go of it. */
let server: GgufServer | undefined;

function report(message: EngineReport): void {
  process.send?.(message);
}

async function start(order: EngineOrder): Promise<void> {
  try {
    server = await startGgufServer(order);
    const { url, port, facts, sequences } = server;
    const about = { computes: facts.computes, contextTokens: facts.contextTokens, sequences };
    report({ kind: 'listening', url, port, about });
  } catch (error) {
    const known = isWeirError(error) ? error : undefined;
    report({ kind: 'failed', code: known?.code ?? '', message: known?.message ?? String(error), hint: known?.hint });
  }
}

async function retire(): Promise<void> {
  await server?.retire();
  process.exit(0);
}

process.on('message', (asked: EngineOrder | typeof RETIRE) => void (asked === RETIRE ? retire() : start(asked)));
process.once('disconnect', () => void (server?.close() ?? Promise.resolve()).finally(() => process.exit(0)));
// The terminal's signals reach the whole group; the parent decides when its engines end, after open requests have.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
