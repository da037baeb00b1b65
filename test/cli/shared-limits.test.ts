import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeWith } from '../support/real-component.js';
import { REDIS } from '../support/redis-server.js';

describeWith(
  'redis-server',
  REDIS,
  'two gateways with one Redis that is killed under load and comes back empty',
  () => {
    it('lose no request, keep to budget and rate, and heal', { timeout: 180_000 }, async () => {
      const bench = fileURLToPath(new URL('../../bench/shared-limits.mjs', import.meta.url));
      const args = [bench, '--gateways', '2', '--callers', '4', '--requests', '150', '--json'];
      const { stdout } = await promisify(execFile)(process.execPath, args).catch(
        (failed: { stdout: string; stderr: string }) => {
          if (failed.stdout === '') throw new Error(failed.stderr);
          return failed;
        },
      );
      const report = JSON.parse(stdout) as Record<string, number> & { problems: readonly string[] };
      expect(report.problems).toEqual([]);
      expect(report.lost).toBe(0);
      expect(report.answered_while_away).toBeGreaterThan(0);
      expect(report.let_through_while_away).toBeLessThanOrEqual(report.rate_limit!);
      expect(report.spent_by_ledger_usd).toBe(report.spent_by_answers_usd);
    });
  },
);
