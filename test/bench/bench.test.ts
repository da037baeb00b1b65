import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Target {
  readonly name: string;
  readonly port: number;
}
interface Child {
  readonly target: Target;
  stop(): Promise<void>;
}
interface Mock extends Child {
  readonly ports: number[];
  readonly events: number;
}
interface Result {
  readonly requests: number;
  readonly errors: number;
  readonly problem?: string;
  readonly latencies: Record<string, { readonly p50: number; readonly p99: number; readonly n: number }>;
}
interface Load extends Child {
  ask(job: string, options: object): Promise<Result>;
}
interface Compared {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly bar?: object;
  readonly ok?: boolean;
}

const module = async <T>(name: string) => (await import(new URL(`../../bench/${name}`, import.meta.url).href)) as T;

const { startMock, startLoad, startBare, startUsual } = await module<{
  startMock(): Promise<Mock>;
  startLoad(): Promise<Load>;
  startBare(options: { ports: number[] }): Promise<Child>;
  startUsual(options: { ports: number[] }): Promise<Child>;
}>('systems.mjs');
const { ratios, missed } = await module<{
  ratios(samples: Record<string, object[]>, kilobytes: number): Record<string, Compared>;
  missed(report: object): string[];
}>('figures.mjs');
const { conversations, TAIL } = await module<{
  conversations(kilobytes: number, seed?: number): { open: Buffer; nonceAt: number }[];
  TAIL: { plain: Buffer; stream: Buffer };
}>('conversations.mjs');

const { headOf } = await module<{ headOf(source: string): string }>('support/help.mjs');

let mock: Mock;
let load: Load;
let bare: Child;
let usual: Child;

beforeAll(async () => {
  [mock, load] = await Promise.all([startMock(), startLoad()]);
  [bare, usual] = (await Promise.all([startBare, startUsual].map(start => start({ ports: mock.ports })))) as [
    Child,
    Child,
  ];
});

afterAll(() => Promise.all([mock, load, bare, usual].map(child => child.stop())));

/** Serves with `listener` while `work` runs. */
async function serving<T>(listener: RequestListener, work: (port: number) => Promise<T>): Promise<T> {
  const server = createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('load', () => {
  for (const through of ['mock', 'bare', 'usual'] as const) {
    const target = () => ({ mock, bare, usual })[through].target;

    test.for([0.5, 32])(`plain, through ${through}, %s kB`, async kilobytes => {
      const job = { target: target(), kilobytes, connections: 8, requests: 200 };
      expect(await load.ask('run', job)).toMatchObject({ requests: 200, errors: 0 });
    });

    test.for([0.5, 32])(`streaming, through ${through}, %s kB`, async kilobytes => {
      const job = { target: target(), kilobytes, connections: 8, requests: 200, stream: true, events: mock.events };
      expect(await load.ask('run', job)).toMatchObject({ requests: 200, errors: 0, events: 200 * mock.events });
    });
  }

  test('latency alternates between the targets', async () => {
    const job = { targets: [mock.target, bare.target], kilobytes: 0.5, seconds: 0.05 };
    const { errors, latencies } = await load.ask('latency', job);
    expect(errors).toBe(0);
    expect(latencies.bare!.n).toBe(latencies.direct!.n);
    expect(latencies.bare!.n).toBeGreaterThan(0);
  });

  const answers: Record<string, { stream: boolean; problem: RegExp; answer: RequestListener }> = {
    'a status': {
      stream: false,
      problem: /status 503: full/,
      answer: (_, response) => response.writeHead(503).end('full'),
    },
    'no completion': { stream: false, problem: /not a chat completion/, answer: (_, response) => response.end('{}') },
    'half an answer': {
      stream: false,
      problem: /closed before the end/,
      answer: (_, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy());
      },
    },
    'a stream without [DONE]': {
      stream: true,
      problem: /ends in/,
      answer: (_, response) => response.end('data: {}\n\n'),
    },
    'a stream with too few events': {
      stream: true,
      problem: /2 events in place of/,
      answer: (_, response) => response.end('data: {}\n\ndata: [DONE]\n\n'),
    },
  };
  test.for(Object.entries(answers))('%s is an error', async ([, { stream, problem, answer }]) => {
    const result = await serving(answer, port => {
      const job = { target: { name: 'broken', port }, kilobytes: 0.5, requests: 3, stream, events: mock.events };
      return load.ask('run', job);
    });
    expect(result).toMatchObject({ requests: 0, errors: 3 });
    expect(result.problem).toMatch(problem);
  });

  test('bodies are chat requests of the size asked for, the same under the same seed', () => {
    for (const kilobytes of [0.5, 32]) {
      const bodies = conversations(kilobytes, 7);
      const mean = bodies.reduce((sum, { open }) => sum + open.length + TAIL.plain.length, 0) / bodies.length;
      expect(mean / (kilobytes * 1000)).toBeGreaterThan(0.9);
      expect(mean / (kilobytes * 1000)).toBeLessThan(1.15);
      for (const { open, nonceAt } of bodies.slice(0, 70)) {
        const { messages } = JSON.parse(`${open}${TAIL.stream}`) as { messages: { role: string }[] };
        expect(messages.filter(({ role }) => role === 'user').length).toBeGreaterThanOrEqual(2);
        expect(open.toString('latin1', nonceAt - 1, nonceAt + 9)).toBe('#00000000 ');
      }
      expect(conversations(kilobytes, 7)[3]!.open.equals(bodies[3]!.open)).toBe(true);
    }
  });
});

describe.for([
  ['bare', startBare],
  ['usual', startUsual],
] as const)('the control %s', ([, startProxy]) => {
  test('cancels upstream when the client leaves', async () => {
    let gone = () => {};
    const cancelled = new Promise<void>(resolve => {
      gone = resolve;
    });
    const upstream: RequestListener = (_, response) => {
      response.on('close', gone);
      response.write('data: {}\n\n');
    };
    await serving(upstream, async port => {
      const proxy = await startProxy({ ports: [port] });
      const client = request({ port: proxy.target.port, host: '127.0.0.1', method: 'POST' }, response => {
        response.once('data', () => response.destroy());
      });
      client.on('error', () => {});
      client.end('{}');
      await cancelled;
      await proxy.stop();
    });
  });

  test('answers 502 when there is no upstream', async () => {
    const port = await serving(
      () => {},
      async free => free,
    );
    const proxy = await startProxy({ ports: [port] });
    const response = await fetch(`http://127.0.0.1:${proxy.target.port}/v1/chat/completions`, {
      method: 'POST',
      body: '{}',
    });
    expect(response.status).toBe(502);
    await proxy.stop();
  });
});

describe('ratios', () => {
  const sample = (cpu: number, rps: number) => ({
    cpu_us_per_request: cpu,
    rps32: rps,
    streams_per_s: rps / 10,
    cpu_us_per_stream: cpu * 4,
    rss_mb: cpu,
    p50_added_ms: cpu / 1000,
    p99_added_ms: cpu / 100,
  });
  // The machine was half as fast in the second round: within a round nothing changes.
  const samples = {
    bare: [sample(100, 8000), sample(200, 4000), sample(100, 8000)],
    weir: [sample(150, 6000), sample(300, 3000), sample(190, 6000)],
  };

  test('are taken within a round and held against their bars', () => {
    const compared = ratios(samples, 0.5);
    expect(compared.weir_vs_bare_cpu).toMatchObject({
      value: 1.5,
      min: 1.5,
      max: 1.9,
      bar: { at_most: 1.8 },
      ok: true,
    });
    expect(compared.weir_vs_bare_rps).toMatchObject({ value: 0.75, ok: true });
    expect(compared.weir_minus_bare_rss_mb).toMatchObject({ value: 90, ok: false });
    expect(compared).not.toHaveProperty('weir_vs_portkey_rps');
  });

  test('a missed bar is named; sizes without bars have none', () => {
    const report = {
      sizes: { 0.5: { ratios: ratios(samples, 0.5) }, 256: { ratios: ratios(samples, 256) } },
      prefix_index: { ok: false },
    };
    expect(missed(report)).toEqual(['weir_minus_bare_rss_mb (0.5 kB)', 'prefix index look-ups']);
  });
});

describe('--help', () => {
  const folder = new URL('../../bench/', import.meta.url);
  const benches = readdirSync(folder)
    .filter(name => name.endsWith('.mjs'))
    .map(name => [name, readFileSync(new URL(name, folder), 'utf8')] as const)
    .filter(([, source]) => source.includes('\nhelp(import.meta.url);'));

  test('each bench says how it is called', () => {
    expect(benches.length).toBeGreaterThan(20);
    for (const [name, source] of benches) {
      const head = headOf(source);
      expect(head).toMatch(new RegExp(`bench/${name}|npm run bench`));
      expect(head).not.toMatch(/^(import|\/\/|\*)/m);
    }
  });

  test('both kinds of comment lose their marks', () => {
    expect(headOf('// One: `x`.\n//   --a N\nimport a;\n// later\n')).toBe('One: `x`.\n  --a N');
    expect(headOf('/**\n * One.\n *\n *   two\n */\nimport a;\n')).toBe('One.\n\n  two');
  });
});
