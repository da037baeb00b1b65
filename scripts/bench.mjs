// `npm run bench -- <arguments>`: set-up, then bench/run.mjs in this process.
import { existsSync } from 'node:fs';
import { setup } from './setup.mjs';

const target = new URL('../bench/run.mjs', import.meta.url);
if (!existsSync(target)) {
  process.stderr.write('weir: there is no bench/run.mjs yet\n');
  process.exit(1);
}
await setup({ need: 'test' });
await import(target.href);
