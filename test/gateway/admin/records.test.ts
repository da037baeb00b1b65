import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordLike } from '../../support/record-like.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';
import { ask } from './support.js';

const YAML = `
pool:
  models: { m: {} }
  pools: { p: { model: m, health: false, replicas: ["http://127.0.0.1:9"] } }
`;

/** When records arrived: several in one millisecond, as under load, more of them than a page has. */
const TIMES = [5, 5, 4, 4, 4, 4, 3, 2, 2, 1];

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway(YAML);
  TIMES.forEach((at, i) => {
    gateway.records.append(recordLike(`req_${i}`, { at }));
  });
  await gateway.records.flush();
});
afterAll(() => gateway.close());

/** Every page of a listing, from the newest to the end. */
async function pages(query: string): Promise<{ id: string; at: number }[][]> {
  const all: { id: string; at: number }[][] = [];
  for (let before: number | undefined; ; ) {
    const cursor = before === undefined ? '' : `&before=${before}`;
    const { body } = await ask(gateway.url, 'GET', `/api/records?${query}${cursor}`);
    all.push(body.records);
    if (body.next === undefined) return all;
    before = body.next;
  }
}

describe('pages of records', () => {
  it.each([1, 2, 3, 4, 5, 9, 10, 11, 100])('hold every record once, with %i on a page', async limit => {
    for (const query of [`limit=${limit}`, `limit=${limit}&q=req_`]) {
      const read = await pages(query);
      expect(read.flat().map(({ at }) => at)).toEqual(TIMES);
      expect(new Set(read.flat().map(({ id }) => id)).size).toBe(TIMES.length);
      // Longer than asked for only where one millisecond is.
      for (const page of read) if (page.length > limit) expect(page.at(-1)?.at).toBe(page[limit - 1]?.at);
    }
  });
});
