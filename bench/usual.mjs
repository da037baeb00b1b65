// The second control: the same proxy by the interfaces that undici's documentation leads with, `request` and a pipeline of streams. Each side is
// streamed into the other; the body is never whole in memory. What `bare.mjs` saves by a handler of its own shows beside it.
// Started as a child process: `node bench/usual.mjs <port,port,…>`; sends `{port}` to its parent once it listens.
import { createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Pool } from 'undici';

const NOT_FORWARDED = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer'];

function forwarded(headers, ...more) {
  const kept = { ...headers };
  for (const name of [...NOT_FORWARDED, ...more]) delete kept[name];
  return kept;
}

const pools = process.argv[2].split(',').map(port => new Pool(`http://127.0.0.1:${port}`, { connections: 128 }));
let turn = 0;

const server = createServer(async (request, response) => {
  const left = new AbortController();
  response.once('close', () => left.abort());
  try {
    const answer = await pools[turn++ % pools.length].request({
      method: request.method,
      path: request.url,
      headers: forwarded(request.headers, 'host', 'expect'),
      body: request,
      signal: left.signal,
    });
    response.writeHead(answer.statusCode, forwarded(answer.headers));
    await pipeline(answer.body, response);
  } catch {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  }
});
server.listen(0, '127.0.0.1', 1024, () => process.send?.({ port: server.address().port }));
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
