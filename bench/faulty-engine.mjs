// An engine that fails in every way that matters to a bill, by a seeded draw, and keeps its own account of what it reported.
import { createServer } from 'node:http';

/** What becomes of a request: the weights of a bad day. */
const FATES = [
  ['whole', 30],
  ['unreported', 4],
  ['error', 6],
  ['hang_up', 4],
  ['cut', 6],
  ['cut_after_usage', 4],
];
const TOTAL = FATES.reduce((sum, [, weight]) => sum + weight, 0);

function fateOf(draw) {
  let at = draw * TOTAL;
  for (const [fate, weight] of FATES) {
    at -= weight;
    if (at < 0) return fate;
  }
  return 'whole';
}

/**
 * Starts one on a free port.
 *
 * @param {{ next(): number }} random
 * @returns `reported`: by the `seed` of a request, the usage that this engine told of it.
 */
export async function startFaultyEngine(random) {
  const reported = new Map();
  const fates = {};
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', part => {
      text += part;
    });
    request.on('end', () => {
      const body = JSON.parse(text);
      const fate = fateOf(random.next());
      fates[fate] = (fates[fate] ?? 0) + 1;
      const usage = usageOf(random);
      const report = () => reported.set(body.seed, usage);
      if (fate === 'hang_up') request.socket.destroy();
      else if (fate === 'error') answer(response, 500, { error: { message: 'out of order' } });
      else if (body.stream) stream(response, fate, usage, report);
      else if (fate.startsWith('cut')) cutWhole(response, usage);
      else {
        if (fate !== 'unreported') report();
        const message = { role: 'assistant', content: 'word '.repeat(usage.completion_tokens) };
        const choices = [{ index: 0, message, finish_reason: 'stop' }];
        answer(response, 200, { id: 'x', choices, ...(fate === 'unreported' ? undefined : { usage }) });
      }
    });
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    reported,
    fates,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function usageOf(random) {
  const prompt = 20 + Math.floor(random.next() * 2000);
  const completion = 1 + Math.floor(random.next() * 12);
  const cached = Math.floor(random.next() * prompt);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Less than the head promised. */
function cutWhole(response, usage) {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 10_000 });
  response.write(JSON.stringify({ id: 'x', usage }).slice(0, 40));
  setImmediate(() => response.destroy());
}

function stream(response, fate, usage, report) {
  const event = value => response.write(`data: ${JSON.stringify({ id: 'x', ...value })}\n\n`);
  const words = fate === 'cut' ? Math.ceil(usage.completion_tokens / 2) : usage.completion_tokens;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let said = 0;
  const say = () => {
    if (response.destroyed) return;
    if (said++ < words) {
      event({ choices: [{ index: 0, delta: { content: 'word ' }, finish_reason: null }] });
      setImmediate(say);
      return;
    }
    if (fate === 'cut') {
      response.destroy();
      return;
    }
    event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    if (fate !== 'unreported') {
      report();
      event({ choices: [], usage });
    }
    // What was written must be gone before the connection is.
    if (fate === 'cut_after_usage') setTimeout(() => response.destroy(), 5);
    else response.end('data: [DONE]\n\n');
  };
  say();
}
