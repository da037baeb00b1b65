// `npm run page-weight`: what a browser loads to show the dashboard, as it is and as it is sent. There is nothing else: every page is in these files.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root, setup } from './setup.mjs';

await setup({ need: 'run' });

const folder = join(root, 'dist', 'dashboard');
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile())
  .map(({ name, parentPath }) => {
    const bytes = readFileSync(join(parentPath, name));
    return { name: name.replace(/-[\w-]{8}\./, '.'), whole: bytes.length, sent: gzipSync(bytes, { level: 9 }).length };
  })
  .sort((a, b) => b.whole - a.whole);
const sum = part => files.reduce((total, file) => total + file[part], 0);
const line = (name, whole, sent) =>
  `${name.padEnd(14)} ${(whole / 1000).toFixed(1).padStart(8)} kB ${(sent / 1000).toFixed(1).padStart(8)} kB gzip\n`;
for (const { name, whole, sent } of files) process.stdout.write(line(name, whole, sent));
process.stdout.write(line('all', sum('whole'), sum('sent')));
