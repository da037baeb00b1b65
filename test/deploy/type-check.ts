import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the compiler says of a module that uses the packages of this repository; nothing when it is right. */
export function typeCheck(source: string): string {
  const folder = mkdtempSync(join(root, 'node_modules', '.type-check-'));
  try {
    writeFileSync(join(folder, 'module.ts'), source);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const options = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'es2023',
      '--module',
      'nodenext',
    ];
    const { stdout, stderr } = spawnSync(process.execPath, [tsc, ...options, '--types', 'node', 'module.ts'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
