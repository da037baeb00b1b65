import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A commit as a hub names one. */
export const COMMIT = 'c0ffee00'.repeat(5);

/** What a hub does wrong with a file. */
export interface Fault {
  /** Gives so many bytes of each answer, and breaks it off once {@link LoopbackHub.arrived} says that some of them are there. */
  readonly cutAfter?: number;
  /** Only so many answers are broken off; all unless said. */
  readonly times?: number;
  /** What is sent in the place of the content. */
  readonly sent?: Buffer;
  /** Ranges are not known: every answer begins at 0. */
  readonly noRanges?: true;
  /** The commit that the hub says the file is of. */
  readonly commit?: string;
}

export interface HubPlan {
  /** `owner/name`. */
  readonly id: string;
  readonly files: Readonly<Record<string, Buffer>>;
  /** Files that are kept as large ones (LFS): with a SHA-256, on another origin. */
  readonly large?: readonly string[];
  readonly faults?: Readonly<Record<string, Fault>>;
  readonly revisions?: readonly string[];
  /** The token that is asked for. */
  readonly token?: string;
  readonly gated?: true;
  /** A hub that tells neither lengths nor hashes of files. */
  readonly silent?: true;
  /** A hub that does not say what large files are, as some mirrors do not. */
  readonly unlinked?: true;
  /** Redirects of a large file before its content. */
  readonly hops?: number;
}

export interface Seen {
  readonly server: 'hub' | 'store';
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

export interface LoopbackHub {
  readonly endpoint: string;
  /** Requests, in their order. */
  readonly seen: readonly Seen[];
  plan: HubPlan;
  /** The client has something of a file: what was to break off does so now. Earlier it might take what was sent along. */
  arrived(): void;
  close(): Promise<void>;
}

const hash = (kind: string, ...parts: readonly (string | Buffer)[]) =>
  parts.reduce((sum, part) => sum.update(part), createHash(kind)).digest('hex');
export const sha256 = (bytes: Buffer): string => hash('sha256', bytes);
const gitHash = (bytes: Buffer): string => hash('sha1', `blob ${bytes.length}\0`, bytes);

/** A hub in the forms of `api/models/ID/revision/REVISION` and `ID/resolve/REVISION/PATH`, and the other origin that its large files are on. */
export async function startLoopbackHub(plan: HubPlan): Promise<LoopbackHub> {
  const seen: Seen[] = [];
  const broken = new Map<string, number>();
  let held: ServerResponse | undefined;
  const note = (server: Seen['server'], { url = '', headers: { authorization, range } }: IncomingMessage): void => {
    seen.push({ server, url, authorization, range });
  };

  const give = (path: string, headers: object, request: IncomingMessage, response: ServerResponse): void => {
    const { cutAfter, times = Number.POSITIVE_INFINITY, sent, noRanges } = hub.plan.faults?.[path] ?? {};
    const content = sent ?? hub.plan.files[path]!;
    const asked = noRanges ? undefined : /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    const start = Number(asked ?? 0);
    if (start >= content.length && asked !== undefined) {
      response.writeHead(416, { ...headers, 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const rest = content.subarray(start);
    const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
    response.writeHead(asked === undefined ? 200 : 206, {
      ...headers,
      ...(asked !== undefined && range),
      ...(!hub.plan.silent && { 'content-length': rest.length }),
    });
    const cuts = broken.get(path) ?? 0;
    if (cutAfter !== undefined && cuts < times && rest.length > cutAfter) {
      broken.set(path, cuts + 1);
      response.write(rest.subarray(0, cutAfter));
      held = response;
    } else response.end(rest);
  };

  const store = createServer((request, response) => {
    note('store', request);
    const url = new URL(request.url!, 'http://store');
    const left = Number(url.searchParams.get('hops'));
    const path = decodeURIComponent(url.pathname.slice(1));
    if (left > 0) response.writeHead(302, { location: `/${encodeURIComponent(path)}?hops=${left - 1}` }).end();
    // A store has an etag of its own, which says nothing of the content.
    else give(path, { etag: `"${'0'.repeat(40)}"` }, request, response);
  });
  const storeUrl = await listening(store);

  const server = createServer((request, response) => {
    note('hub', request);
    const { id, files, large = [], revisions = ['main', COMMIT], token, gated, silent, unlinked, hops = 0 } = hub.plan;
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, { 'x-error-code': code }).end('{"error":"no"}');
    };
    const path = decodeURIComponent(new URL(request.url!, 'http://hub').pathname);
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      return gated ? refuse(403, 'GatedRepo') : refuse(401, 'RepoNotFound');
    }
    if (path.startsWith(`/api/models/${id}/revision/`)) {
      if (!revisions.includes(path.slice(`/api/models/${id}/revision/`.length))) return refuse(404, 'RevisionNotFound');
      const siblings = Object.entries(files).map(([rfilename, content]) => ({
        rfilename,
        ...(!silent && { size: content.length, blobId: gitHash(content) }),
        ...(!silent && large.includes(rfilename) && { lfs: { sha256: sha256(content), size: content.length } }),
      }));
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ id, sha: COMMIT, siblings }));
      return undefined;
    }
    const prefix = `/${id}/resolve/${COMMIT}/`;
    const name = path.slice(prefix.length);
    if (!path.startsWith(prefix)) return refuse(404, 'RepoNotFound');
    const content = files[name];
    if (content === undefined) return refuse(404, 'EntryNotFound');
    const headers = { 'x-repo-commit': hub.plan.faults?.[name]?.commit ?? COMMIT };
    if (!large.includes(name)) {
      give(name, { ...headers, ...(!silent && { etag: `W/"${gitHash(content)}"` }) }, request, response);
      return undefined;
    }
    response
      .writeHead(302, {
        ...headers,
        location: `${storeUrl}/${encodeURIComponent(name)}?hops=${hops}`,
        ...(!unlinked && { 'x-linked-etag': `"${sha256(content)}"`, 'x-linked-size': content.length }),
      })
      .end();
    return undefined;
  });
  const endpoint = await listening(server);
  const hub: LoopbackHub = {
    endpoint,
    seen,
    plan,
    arrived() {
      held?.destroy();
      held = undefined;
    },
    async close() {
      for (const one of [server, store]) {
        if (!one.listening) continue;
        one.closeAllConnections();
        one.close();
        await once(one, 'close');
      }
    },
  };
  return hub;
}

async function listening(server: Server): Promise<string> {
  // A busy machine may take any time between two requests: a connection that the server gave up meanwhile would break the next one.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
