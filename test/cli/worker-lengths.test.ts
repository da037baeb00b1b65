import { expect, test } from 'vitest';
import { Answers } from '#cli/workers/answers.js';
import type { ToSupervisor, ToWorker } from '#cli/workers/messages.js';
import { type SupervisorLink, type Tails, togetherOver, type WorkerBroadcast } from '#cli/workers/others.js';
import type { Charge } from '#cli/workers/supervisor.js';

const lengthsOf = (promptTokens: number) => ({ promptTokens, outputTokens: 10, cachedTokens: 0 });

test('a worker hears from all what lengths they have seen, of each its even share, and from one that answers nothing none', async () => {
  const asked: ToWorker[] = [];
  const charges = [10, 20, undefined].map(tokens => ({
    link: {
      ask: async (ask: ToWorker) => {
        asked.push(ask);
        if (tokens === undefined) throw new Error('the other process did not answer in time');
        return { pool: [lengthsOf(tokens)] };
      },
    },
  })) as unknown as Charge[];
  const answers = new Answers({ charges: () => charges } as unknown as ConstructorParameters<typeof Answers>[0]);
  const link = {
    ask: async (ask: Exclude<ToSupervisor, { kind: 'hello' }>) => answers.answer(charges[0]!, ask),
  } as unknown as SupervisorLink;
  const { peers } = togetherOver(link, {} as Tails, {} as WorkerBroadcast, 3);
  expect(await peers!.lengths(512)).toEqual([{ pool: [lengthsOf(10)] }, { pool: [lengthsOf(20)] }]);
  expect(asked).toEqual(Array(3).fill({ kind: 'lengths', most: 171 }));
});
