// `npm run fuzz -- <arguments>`: set-up, then test/fuzz/run.mjs in this process.
import { setup } from './setup.mjs';

await setup({ need: 'test' });
const { main } = await import(new URL('../test/fuzz/run.mjs', import.meta.url).href);
process.exitCode = await main(process.argv.slice(2));
