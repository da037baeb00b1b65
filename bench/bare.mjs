// The control: what a good engineer writes when a reverse proxy in Node is all that is wanted. It decides nothing and records
// nothing, but does what any gateway must: reads the body whole, leaves out hop-by-hop headers, streams the answer back under
// back-pressure, cancels upstream when the client leaves, answers 502 when there is no upstream.
//
// Of undici's ways, `dispatch` with a handler is the fastest here (CPU per plain request 112 µs, `stream` 124, `request` with
// `pipeline` about 245; per stream of 64 events 381, 393, 670), so that is what Weir is held against.
// Started as a child process: `node bench/bare.mjs <port,port,…>`; sends `{port}` to its parent once it listens.
import { createServer } from 'node:http';
import { Pool } from 'undici';

const HOP_BY_HOP = new Set(
  'connection,keep-alive,proxy-authenticate,proxy-authorization,proxy-connection,te,trailer,transfer-encoding,upgrade'.split(
    ',',
  ),
);
const NOT_FORWARDED = new Set([...HOP_BY_HOP, 'host', 'content-length', 'expect']);

class Relay {
  #upstream;
  #client;

  constructor(client) {
    this.#client = client;
    client.on('close', () => {
      if (!client.writableEnded) this.#upstream?.abort(new Error('the client left'));
    });
  }

  onRequestStart(upstream) {
    this.#upstream = upstream;
    if (this.#client.destroyed) upstream.abort(new Error('the client left'));
  }

  onResponseStart(upstream, status) {
    if (status < 200) return;
    const headers = [];
    const raw = upstream.rawHeaders;
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i].latin1Slice();
      if (!HOP_BY_HOP.has(name.toLowerCase())) headers.push(name, raw[i + 1].latin1Slice());
    }
    this.#client.writeHead(status, headers);
  }

  onResponseData(upstream, chunk) {
    if (this.#client.write(chunk)) return;
    upstream.pause();
    this.#client.once('drain', () => upstream.resume());
  }

  onResponseEnd() {
    this.#client.end();
  }

  onResponseError() {
    if (this.#client.headersSent) this.#client.destroy();
    else this.#client.writeHead(502).end();
  }
}

const pools = process.argv[2].split(',').map(port => new Pool(`http://127.0.0.1:${port}`, { connections: 128 }));
let turn = 0;

const server = createServer((request, response) => {
  const pieces = [];
  request.on('data', piece => pieces.push(piece));
  request.on('end', () => {
    const headers = [];
    const raw = request.rawHeaders;
    for (let i = 0; i < raw.length; i += 2) {
      if (!NOT_FORWARDED.has(raw[i].toLowerCase())) headers.push(raw[i], raw[i + 1]);
    }
    const body = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    const pool = pools[turn++ % pools.length];
    pool.dispatch({ method: request.method, path: request.url, headers, body }, new Relay(response));
  });
});
server.listen(0, '127.0.0.1', 1024, () => process.send?.({ port: server.address().port }));
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
