import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const FOLDER = fileURLToPath(new URL('../../dashboard/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const HEADERS = {
  // Nothing inline, nothing from elsewhere, nothing framed: what slipped into the page could neither run nor call home.
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

interface File {
  readonly type: string;
  readonly bytes: Buffer;
  readonly zipped: Buffer;
}

/** The built dashboard, served from memory. Only files that stood in its folder at the first visit exist: no path is ever resolved. */
export class Page {
  private files: ReadonlyMap<string, File> | undefined;

  /** @returns false when the page has no such file. */
  serve(path: string, response: ServerResponse): boolean {
    this.files ??= read();
    const file = this.files.get(path === '/' ? 'index.html' : path.slice(1));
    if (file === undefined) return false;
    const zip = /\bgzip\b(?!\s*;\s*q=0(?:\.0+)?\s*(?:,|$))/.test(String(response.req.headers['accept-encoding'] ?? ''));
    const bytes = zip ? file.zipped : file.bytes;
    response.writeHead(200, {
      ...HEADERS,
      // A file whose name holds a hash of what is in it never changes.
      'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      'content-type': file.type,
      ...(zip ? { 'content-encoding': 'gzip' } : undefined),
      vary: 'accept-encoding',
      'content-length': bytes.length,
    });
    response.end(response.req.method === 'HEAD' ? undefined : bytes);
    return true;
  }
}

function read(): Map<string, File> {
  const files = new Map<string, File>();
  let names: string[];
  try {
    names = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' });
  } catch {
    return files;
  }
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = readFileSync(FOLDER + name);
    files.set(name.replaceAll('\\', '/'), { type, bytes, zipped: gzipSync(bytes, { level: 9 }) });
  }
  return files;
}
