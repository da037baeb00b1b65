import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LoopbackHub, sha256, startLoopbackHub } from '../models/hub/loopback-hub.js';
import { type LoopbackProxy, startLoopbackProxy } from '../models/hub/loopback-proxy.js';
import { ID, MODEL_FILE, PLAN } from '../models/hub/pull-run.js';
import { weir } from './run.js';

let folder: string;
let hub: LoopbackHub;
let proxy: LoopbackProxy;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-proxy-'));
  hub = await startLoopbackHub(PLAN);
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'HF_TOKEN']) {
    for (const one of [name, name.toLowerCase()]) vi.stubEnv(one, undefined);
  }
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await proxy?.close();
  rmSync(folder, { recursive: true, force: true });
});

const pull = (endpoint: string, env: Readonly<Record<string, string>>) => {
  for (const [name, value] of Object.entries({ HF_ENDPOINT: endpoint, ...env })) vi.stubEnv(name, value);
  return weir('models', 'pull', ID, '--cache', folder, '--json');
};
/** A name that nobody but the proxy knows. */
const HIDDEN = 'http://hub.test';

describe('weir models pull', () => {
  test.each(['HTTP_PROXY', 'http_proxy'])(
    'goes by the proxy that %s names, also where the hub sends it elsewhere',
    async name => {
      proxy = await startLoopbackProxy(hub.endpoint);
      const { code, stdout, stderr } = await pull(HIDDEN, { [name]: proxy.url });
      expect([code, stderr]).toEqual([0, expect.stringContaining(MODEL_FILE)]);
      const [model] = JSON.parse(stdout).models;
      expect(sha256(readFileSync(join(model.folder, MODEL_FILE)))).toBe(sha256(PLAN.files[MODEL_FILE]!));
      expect(proxy.seen[0]).toBe(`GET ${HIDDEN}/api/models/${ID}/revision/main?blobs=true`);
      expect(proxy.seen.filter(line => line.includes('?hops='))).toHaveLength(1);
      expect(proxy.seen.every(line => line.startsWith('GET '))).toBe(true);
    },
  );

  test('goes by none to hosts of NO_PROXY, and by none where none is named', async () => {
    proxy = await startLoopbackProxy(hub.endpoint);
    expect((await pull(hub.endpoint, { HTTP_PROXY: proxy.url, NO_PROXY: 'example.org,127.0.0.1' })).code).toBe(0);
    vi.stubEnv('HTTP_PROXY', '');
    expect((await pull(hub.endpoint, {})).code).toBe(0);
    expect(proxy.seen).toEqual([]);
  });

  test('tells a proxy who it is, and says of one that wants to know what to do; passwords are never told', async () => {
    proxy = await startLoopbackProxy(hub.endpoint, 'anna:s3cret');
    const known = proxy.url.replace('http://', 'http://anna:s3cret@');
    expect((await pull(HIDDEN, { HTTP_PROXY: known })).code).toBe(0);
    for (const [endpoint, name] of [
      [HIDDEN, 'HTTP_PROXY'],
      ['https://hub.test', 'HTTPS_PROXY'],
    ] as const) {
      const refused = await pull(endpoint, { [name]: known.replace('s3cret', 'wr0ng') });
      expect(refused.code).toBe(2);
      expect(refused.stderr).toMatch(/^weir: hub\.unreachable: .*status 407/);
      expect(refused.stderr).toContain('http://user:password@host:port');
      expect(refused.stderr).not.toContain('wr0ng');
    }
    expect(proxy.seen.at(-1)).toBe('CONNECT hub.test:443');
  });

  test('says of an address that is none', async () => {
    const refused = await pull(HIDDEN, { HTTPS_PROXY: 'http://anna:s3cret@[' });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('weir: usage.invalid: HTTPS_PROXY') });
    expect(refused.stderr).not.toContain('s3cret');
  });
});

/** A certificate for the hidden hub, which lasts a day. */
function certificate() {
  const [key, cert] = ['key.pem', 'cert.pem'].map(name => join(folder, name)) as [string, string];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const names = ['-subj', '/CN=hub.test', '-addext', 'subjectAltName=DNS:hub.test'];
  execFileSync('openssl', [...made, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { file: cert, key: readFileSync(key), cert: readFileSync(cert) };
}

const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasOpenssl)(
  'a hub behind https is reached through a tunnel, of which the proxy sees nothing',
  async () => {
    // Large files lie on a store without TLS, where nobody is led from one with it.
    hub.plan = { ...PLAN, large: [], token: 'hf_words' };
    const { file, key, cert } = certificate();
    const tls = createTlsServer({ key, cert }, socket => {
      const plain = connect(Number(new URL(hub.endpoint).port), '127.0.0.1');
      for (const one of [socket, plain]) one.on('error', () => [socket, plain].map(both => both.destroy()));
      socket.pipe(plain).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(tls, 'listening');
    proxy = await startLoopbackProxy(`http://127.0.0.1:${(tls.address() as AddressInfo).port}`);
    const command = fileURLToPath(new URL('../../bin/weir.js', import.meta.url));
    const env = {
      ...process.env,
      ...{ HF_ENDPOINT: 'https://hub.test', HTTPS_PROXY: proxy.url, HF_TOKEN: 'hf_words', NODE_EXTRA_CA_CERTS: file },
    };
    const ended = await new Promise<{ code: unknown; stderr: string }>(resolve =>
      execFile(process.execPath, [command, 'models', 'pull', ID, '--cache', folder], { env }, (error, _, stderr) =>
        resolve({ code: error?.code ?? 0, stderr }),
      ),
    );
    tls.close();
    expect(ended).toEqual({ code: 0, stderr: expect.stringContaining(MODEL_FILE) });
    expect(new Set(proxy.seen)).toEqual(new Set(['CONNECT hub.test:443']));
    expect(hub.seen.length).toBeGreaterThan(2);
  },
  60_000,
);

test('two processes that pull one model at once fetch it once, and both end well', async () => {
  const command = fileURLToPath(new URL('../../bin/weir.js', import.meta.url));
  const env = { ...process.env, HF_ENDPOINT: hub.endpoint };
  const pulled = () =>
    new Promise<unknown>(resolve =>
      execFile(process.execPath, [command, 'models', 'pull', ID, '--cache', folder], { env }, error =>
        resolve(error?.code ?? 0),
      ),
    );
  expect(await Promise.all([pulled(), pulled()])).toEqual([0, 0]);
  expect(hub.seen.filter(({ server }) => server === 'store')).toHaveLength(1);
}, 60_000);
