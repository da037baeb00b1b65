import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import type { Bytes } from '#contract/units.js';
import { type FileHash, readHash } from './file-hash.js';
import { type HubId, repositoryOf } from './hub-id.js';
import { failedFetch, refusal } from './hub-refusal.js';

const MOST_REDIRECTS = 5;
const MOST_LISTING: Bytes = 16 * 1024 ** 2;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

const listing = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z
    .array(
      z.object({
        rfilename: z.string().max(1024),
        size: z.int().min(0).nullish(),
        blobId: z.string().nullish(),
        lfs: z.object({ sha256: z.string(), size: z.int().min(0) }).nullish(),
      }),
    )
    .max(20_000),
});

/** A file of a repository, and what the hub tells of it beforehand. */
export interface HubFile {
  readonly path: string;
  readonly size: Bytes | undefined;
  readonly hash: FileHash | undefined;
}

export interface HubListing {
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/** A file that is being read. */
export interface HubBody {
  /** 416 where there is nothing from where it was asked for. */
  readonly status: 200 | 206 | 416;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Where the chunks begin in the file. */
  readonly start: Bytes;
  /** Bytes of the whole file. */
  readonly size: Bytes | undefined;
  readonly hash: FileHash | undefined;
}

export interface HubSettings {
  /** Where the hub is, such as `https://huggingface.co`; may have a path. */
  readonly endpoint: string;
  /** Shown to the hub's own origin, and to none that it redirects to. */
  readonly token?: string | undefined;
}

/** Reads the hub: what a repository has, and its files. Redirects are followed one by one, for the token not to go along. */
export class HubClient {
  private readonly base: string;
  private readonly origin: string;

  /** @throws WeirError `usage.invalid` where the endpoint or the token cannot be one. */
  constructor(
    private readonly settings: HubSettings,
    private readonly fetcher: typeof fetch = fetch,
  ) {
    const { endpoint, token } = settings;
    const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
      throw new WeirError('usage.invalid', 'HF_ENDPOINT is no address of a hub', { hint: 'https://huggingface.co' });
    }
    // Said here, since the runtime's own error would show the token.
    if (token !== undefined && !/^[\x21-\x7e]{1,1024}$/.test(token)) {
      throw new WeirError('usage.invalid', 'HF_TOKEN has characters that no token has');
    }
    this.base = url.href.replace(/\/+$/, '');
    this.origin = url.origin;
  }

  /** What a revision has. @throws WeirError `hub.not_found`, `hub.forbidden`, `hub.unreachable`. */
  async listing(id: HubId): Promise<HubListing> {
    const path = `api/models/${repositoryOf(id)}/revision/${encodeURIComponent(id.revision)}?blobs=true`;
    const { response, url } = await this.get(id, path, { accept: 'application/json' });
    if (response.status !== 200) throw await this.refused(id, response, url);
    const read = listing.safeParse(await json(response));
    if (!read.success) throw new WeirError('hub.unreachable', `${this.base} does not answer as the hub does`);
    const files = read.data.siblings.map(({ rfilename, size, blobId, lfs }) => ({
      path: rfilename,
      size: lfs?.size ?? size ?? undefined,
      hash: readHash(lfs?.sha256 ?? blobId),
    }));
    return { commit: read.data.sha, files };
  }

  /** Opens a file of a commit, from a byte on. @throws WeirError as {@link listing}; `hub.mismatch` where it is another commit's. */
  async open(id: HubId, commit: string, path: string, from: Bytes): Promise<HubBody> {
    const headers: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` };
    const { response, url, told } = await this.get(id, `${repositoryOf(id)}/resolve/${commit}/${path}`, headers);
    const { status } = response;
    if (status !== 200 && status !== 206 && status !== 416) throw await this.refused(id, response, url);
    const of = told.map(hop => hop.get('x-repo-commit')).find(named => named !== null);
    if (of !== undefined && of !== commit) {
      await response.body?.cancel();
      throw new WeirError('hub.mismatch', `The hub gives ${path} of ${of}, not of ${commit}`);
    }
    const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
    const length = status === 200 ? response.headers.get('content-length') : (range?.[2] ?? null);
    // What the last server calls the file counts only where it is the hub itself.
    const named = told.map(hop => hop.get('x-linked-etag')).find(etag => etag !== null);
    const own = url.origin === this.origin ? response.headers.get('etag') : null;
    return {
      status,
      chunks: response.body ?? nothing(),
      start: status === 206 ? Number(range?.[1] ?? -1) : 0,
      size: length === null ? undefined : Number(length),
      hash: readHash(named ?? own),
    };
  }

  /** @returns the last response, where it came from, and the headers of all that came from the hub itself. */
  private async get(id: HubId, path: string, headers: Readonly<Record<string, string>>) {
    const { token } = this.settings;
    const told: Headers[] = [];
    let url = new URL(`${this.base}/${path}`);
    for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
      const own = url.origin === this.origin;
      const response = await this.fetcher(url, {
        redirect: 'manual',
        // Lengths and ranges are those of the file, not of a compressed form of it.
        headers: {
          ...{ 'accept-encoding': 'identity', 'user-agent': 'weir', ...headers },
          ...(own && token !== undefined && { authorization: `Bearer ${token}` }),
        },
      }).catch((cause: unknown) => {
        throw failedFetch(url.origin, cause);
      });
      if (own) told.push(response.headers);
      if (!REDIRECTS.includes(response.status)) return { response, url, told };
      await response.body?.cancel();
      url = redirected(url, response.headers.get('location'));
    }
    throw new WeirError('hub.unreachable', `${this.base} redirects more than ${MOST_REDIRECTS} times`, {
      hint: `asked for ${repositoryOf(id)}`,
    });
  }

  private async refused(id: HubId, response: Response, { origin }: URL): Promise<WeirError> {
    await response.body?.cancel();
    return refusal(id, response, { origin, own: origin === this.origin, base: this.base });
  }
}

function redirected(from: URL, location: string | null): URL {
  if (location === null || !URL.canParse(location, from.href)) {
    throw new WeirError('hub.unreachable', `${from.origin} redirects to nowhere`);
  }
  const to = new URL(location, from);
  const weaker = from.protocol === 'https:' && to.protocol === 'http:';
  if (weaker || !/^https?:$/.test(to.protocol) || to.username !== '') {
    throw new WeirError('hub.unreachable', `${from.origin} redirects to ${to.origin}, which is not followed`);
  }
  return to;
}

async function json(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > MOST_LISTING) throw new RangeError('too long');
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new WeirError('hub.unreachable', 'The list of a repository’s files cannot be read', { cause });
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
