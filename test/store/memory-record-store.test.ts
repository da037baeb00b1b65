import { expect, it } from 'vitest';
import { memoryRecordStore } from '#store/memory-record-store.js';
import { recordStoreContract } from '../contracts/record-store.js';
import { recordOf } from './records.js';

recordStoreContract('memory', async () => memoryRecordStore({ keep: 2000 }));

it('memory keeps only so many records, and lets the first go first', async () => {
  const store = memoryRecordStore({ keep: 3 });
  for (let i = 0; i < 10; i++) store.append(recordOf(`r${i}`, { at: i }));
  expect((await store.list()).map(record => record.id)).toEqual(['r9', 'r8', 'r7']);
  expect(store.dropped).toBe(0);
});
