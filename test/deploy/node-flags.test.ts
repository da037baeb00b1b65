import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const flags = (line: string | undefined): string[] => line?.match(/--[a-z\d-]+(?:=\d+)?(?=["\s])/g) ?? [];

const [started] = /"start": ".*"/.exec(read('package.json')) ?? [];

it('Node gets the same flags from `npm start`, the container and the unit', () => {
  expect(flags(started).length).toBeGreaterThan(0);
  expect(flags(/^ENTRYPOINT .*\.js"/m.exec(read('deploy/Containerfile'))?.[0])).toEqual(flags(started));
  expect(flags(/^ExecStart=.*?\.js /m.exec(read('deploy/systemd/weir.service'))?.[0])).toEqual(flags(started));
});

it('docs/performance.md has them for whoever starts Weir otherwise', () => {
  const [command] = /node --\S+.*weir\.js serve/.exec(read('docs/performance.md')) ?? [];
  expect(flags(command)).toEqual(flags(started));
});
