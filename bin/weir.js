#!/usr/bin/env node
import './compile-cache.js';
import { existsSync } from 'node:fs';

// In a checkout (the installed package ships no scripts/) bring dependencies and build up to date first.
const setupScript = new URL('../scripts/setup.mjs', import.meta.url);
if (existsSync(setupScript)) {
  const { setup } = await import(setupScript.href);
  await setup({ need: 'run' });
}

const { runKept } = await import('./kept-code.js');
const args = process.argv.slice(2);
const { main } = runKept(new URL('../dist/bundle/', import.meta.url), 'main.cjs', args[0] === 'serve');
process.exitCode = await main(args);
