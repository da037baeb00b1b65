/**
 * Streams of engines in each API, told to clients of each other one, cut anywhere. Where a stream is cut changes nothing; what the client gets
 * is whole events with JSON in them; a stream that did not say that it was done is never told as one that did.
 */
import { isWeirError } from '../../../dist/contract/errors.js';
import { PROTOCOLS } from '../../../dist/protocols/registry.js';
import { SseReader } from '../../../dist/protocols/sse.js';
import { Translation } from '../../../dist/protocols/translation.js';
import { chance, pick, string, value } from '../draw.mjs';
import { same } from '../same.mjs';
import { cut } from './event-stream.mjs';

export const name = 'answer-stream';

const ENGINES = PROTOCOLS.filter(({ engine }) => engine !== undefined);
const ENVELOPE = { id: 'req_1', arrivedAt: 0, caller: { address: '', headers: {} } };
const TERMS = { servedModel: 'm', defaultMaxTokens: 100, streamUsage: true };
const HEAD = { id: 'req_1', model: 'm', at: 0 };
const hello = '"messages":[{"role":"user","content":"hi"}]';
const REQUESTS = ENGINES.map(protocol => {
  const body = `{"model":"m","stream":true,"max_tokens":9,"input":"hi",${hello}}`;
  return { protocol, inbound: () => protocol.read(Buffer.from(body), ENVELOPE) };
});
/** Pairs of an engine's API and a client's. */
const PAIRS = ENGINES.flatMap((engine, at) =>
  REQUESTS.filter((_, client) => client !== at).map(client => ({ engine, client })),
);

export function generate(random) {
  const at = random.below(PAIRS.length);
  const { engine } = PAIRS[at];
  const events = STREAMS[engine.api](random).filter(() => !chance(random, 0.04));
  if (chance(random, 0.15)) events.splice(random.below(events.length + 1), 0, value(random));
  if (chance(random, 0.1)) events.splice(random.below(events.length + 1), 0, pick(random, events) ?? 'null');
  const line = pick(random, ['\n', '\n', '\r\n', '\r']);
  const text = events.map(data => `data: ${data}${line}${line}`).join('');
  // Some engines write no blank line behind their last event, some not even the end of its line.
  const end = chance(random, 0.7) ? 0 : line.length * (1 + random.below(2));
  return [String(at), ...cut(random, text.slice(0, text.length - end))];
}

const blocks = (random, make) => Array.from({ length: random.below(4) }, (_, at) => make(at)).flat();
const pieces = (random, make) => Array.from({ length: random.below(4) }, () => make());
const usage = random => pick(random, ['{"prompt_tokens":3,"completion_tokens":4}', 'null', value(random)]);

const STREAMS = {
  openai: random => [
    ...blocks(random, at =>
      pieces(random, () =>
        pick(random, [
          () => `{"choices":[{"index":0,"delta":{"content":${string(random)}}}]}`,
          () => `{"choices":[{"index":0,"delta":{"reasoning_content":${string(random)}}}]}`,
          () => `{"choices":[{"index":0,"delta":{"refusal":${string(random)}}}]}`,
          () =>
            `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":${at},"id":"c${at}","function":{"name":"f","arguments":${string(random)}}}]}}]}`,
          () =>
            `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":${at},"function":{"arguments":${string(random)}}}]}}]}`,
        ])(),
      ),
    ),
    `{"choices":[{"index":0,"delta":{},"finish_reason":${pick(random, ['"stop"', '"length"', '"tool_calls"', 'null', '"odd"'])}}]}`,
    `{"choices":[],"usage":${usage(random)}}`,
    ...(chance(random, 0.1) ? [`{"error":${value(random)}}`] : []),
    '[DONE]',
  ],
  anthropic: random => [
    `{"type":"message_start","message":{"id":"m","usage":{"input_tokens":3,"output_tokens":1}}}`,
    ...blocks(random, at => [
      `{"type":"content_block_start","index":${at},"content_block":${pick(random, [
        '{"type":"text","text":""}',
        '{"type":"thinking","thinking":""}',
        `{"type":"tool_use","id":"t${at}","name":"f","input":{}}`,
        '{"type":"server_tool_use","id":"s"}',
        value(random),
      ])}}`,
      ...pieces(random, () => {
        const delta = pick(random, [
          () => `{"type":"text_delta","text":${string(random)}}`,
          () => `{"type":"thinking_delta","thinking":${string(random)}}`,
          () => `{"type":"signature_delta","signature":${string(random)}}`,
          () => `{"type":"input_json_delta","partial_json":${string(random)}}`,
        ])();
        return `{"type":"content_block_delta","index":${at},"delta":${delta}}`;
      }),
      `{"type":"content_block_stop","index":${at}}`,
    ]),
    ...(chance(random, 0.1) ? [`{"type":"error","error":${value(random)}}`] : []),
    `{"type":"message_delta","delta":{"stop_reason":${pick(random, ['"end_turn"', '"tool_use"', '"max_tokens"', 'null'])}},"usage":{"output_tokens":4}}`,
    '{"type":"message_stop"}',
  ],
  responses: random => [
    '{"type":"response.created","response":{"id":"r"}}',
    ...blocks(random, at => {
      const call = chance(random, 0.4);
      const added = call
        ? `{"type":"function_call","call_id":"c${at}","name":"f"}`
        : pick(random, ['{"type":"message"}', '{"type":"reasoning"}']);
      const kind = call
        ? 'function_call_arguments'
        : pick(random, ['output_text', 'refusal', 'reasoning_summary_text']);
      return [
        `{"type":"response.output_item.added","output_index":${at},"item":${added}}`,
        ...pieces(
          random,
          () => `{"type":"response.${kind}.delta","output_index":${at},"content_index":0,"delta":${string(random)}}`,
        ),
        `{"type":"response.output_item.done","output_index":${at},"item":${added}}`,
      ];
    }),
    ...(chance(random, 0.1) ? [`{"type":"response.failed","response":{"error":${value(random)}}}`] : []),
    `{"type":"response.${pick(random, ['completed', 'completed', 'incomplete'])}","response":{"usage":{"input_tokens":3,"output_tokens":4}}}`,
  ],
};

export function check([which = '0', ...parts]) {
  const pair = PAIRS[Number(which)] ?? PAIRS[0];
  const cutUp = told(pair, parts);
  const whole = told(pair, [parts.join('')]);
  if (cutUp.text !== whole.text) throw new Error('cut in pieces, something else is told');
  if (!same(cutUp.end, whole.end)) throw new Error('cut in pieces, the end is told otherwise');
  const reader = new SseReader();
  const events = reader.push(Buffer.from(whole.text));
  for (const { data } of events) if (data !== '[DONE]') JSON.parse(data);
  if (whole.text !== '' && !whole.text.endsWith('\n\n')) throw new Error('the last event is not whole');
  const done = events.some(
    ({ data }) => data === '[DONE]' || /^\{"type":"(?:message_stop|response\.(?:completed|incomplete))"/.test(data),
  );
  if (done && !whole.end.complete) throw new Error('a stream that was not done is told as one that was');
  if (whole.end.complete && whole.end.error !== undefined) throw new Error('done and failed at once');
}

function told({ engine, client }, parts) {
  const relay = new Translation(client.inbound(), engine, TERMS, {}, HEAD).relay();
  let text = '';
  try {
    for (const part of parts) text += relay.push(Buffer.from(part, 'latin1'))?.toString('utf8') ?? '';
    text += relay.close()?.toString('utf8') ?? '';
  } catch (error) {
    if (!isWeirError(error)) throw error;
    return { text, end: { failed: error.code } };
  }
  return { text, end: relay.end() };
}
