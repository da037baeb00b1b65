import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { gatewaySchema } from '#gateway/schema.js';
import { describeWith, installed } from '../support/real-component.js';

const unit = readFileSync(fileURLToPath(new URL('../../deploy/systemd/weir.service', import.meta.url)), 'utf8');
const setting = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

/** Exposure that we hold the unit to, in tenths; systemd's own middle is 50. */
const EXPOSURE = 15;
/** What `LiveGateway` gives its stores to write what is left, and what a slow machine takes beyond that. */
const CLOSING_MS = 10_000;
const SLACK_MS = 5000;

describeWith('systemd', installed('/usr/bin/systemd-analyze'), 'deploy/systemd/weir.service', analyze => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-unit-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = (text: string, ...args: string[]) => {
    const file = join(folder, 'weir.service');
    // The programs of this machine in the place of those that the unit expects.
    writeFileSync(file, text.replace('/usr/bin/node', process.execPath));
    const { status, stdout, stderr } = spawnSync(analyze, [...args, file], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  it('is a unit in which systemd finds nothing wrong', () => {
    expect(run(unit, 'verify', '--man=no')).toEqual({ status: 0, said: '' });
    expect(run(unit.replace('Restart=on-failure', 'Restart=nosuch'), 'verify', '--man=no').said).toContain('nosuch');
  });

  it('leaves little open', () => {
    const security = (text: string) => run(text, 'security', '--offline=true', `--threshold=${EXPOSURE}`).status;
    expect(security(unit)).toBe(0);
    expect(security(unit.replace('CapabilityBoundingSet=\n', '').replace('ProtectSystem=strict\n', ''))).not.toBe(0);
  });

  it('waits longer than a gateway drains', () => {
    const { drain, drain_delay } = gatewaySchema.parse({});
    expect(Number(setting('TimeoutStopSec')) * 1000).toBeGreaterThanOrEqual(
      drain + drain_delay + CLOSING_MS + SLACK_MS,
    );
  });

  it('keeps its state where it may write', () => {
    expect(setting('WorkingDirectory')).toBe(`/var/lib/${setting('StateDirectory')}`);
    expect(gatewaySchema.parse({}).auth.path).not.toMatch(/^\//);
  });
});
