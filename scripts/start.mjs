// `npm start`: bring dependencies and build up to date, then serve, all in this one process, so that a signal sent to
// npm reaches the server.
import '../bin/compile-cache.js';

const { setup } = await import('./setup.mjs');
await setup({ need: 'run' });

const { runKept } = await import('../bin/kept-code.js');
const { main } = runKept(new URL('../dist/bundle/', import.meta.url), 'main.cjs', true);
process.exitCode = await main(['serve', ...process.argv.slice(2)]);
