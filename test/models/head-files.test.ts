import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { machineClock } from '#gateway/machine-clock.js';
import { headFile } from '#models/heads/head-cards.js';
import { parseHead } from '#models/heads/head-file.js';
import { ModelHost } from '#models/model-host.js';
import { learnedSchema } from '#router/learned-schema.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-heads-'));
const host = new ModelHost(machineClock);

afterAll(async () => {
  await host.close();
  rmSync(folder, { recursive: true });
});

describe('files of heads', () => {
  test('a head of another kind is asked nothing, and says what it is', async () => {
    const learned = learnedSchema.parse({ heads: { domain: headFile('factual') }, routes: headFile('domain') });
    const models = host.configure(learned);
    const why = async (classifier: ReturnType<typeof models.head>) =>
      (await classifier.classify('Who wrote Middlemarch?', { whenBusy: 'unknown' })).reason;
    expect(await why(models.head('domain'))).toMatch(
      /factual\.json is a head for factual, not for domain; .*--kind domain/,
    );
    expect(await why(models.routes())).toMatch(
      /domain\.json is a head for domain, not for routes; .*weir train routes/,
    );
    expect(host.card('domain', learned)).toEqual({ trouble: expect.stringContaining('not for domain') });
  });

  test('the card is of the file that the configuration in force has read, not of one that lay there before', () => {
    const domain = join(folder, 'domain.json');
    const learned = learnedSchema.parse({ heads: { domain } });
    host.configure(learned);
    expect(host.card('domain', learned)).toEqual({ trouble: expect.stringContaining('cannot be read') });
    copyFileSync(headFile('domain'), domain);
    host.configure(learned);
    expect(host.card('domain', learned).card?.summary).toContain('MMLU-Pro');
  });

  test('what is wrong in a file is named with its place', () => {
    expect(() => parseHead('{}', 'mine.json')).toThrow(/mine\.json is no head: format: /);
  });
});
