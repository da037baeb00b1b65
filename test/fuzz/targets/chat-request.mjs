/**
 * Chat Completions bodies. `JSON.parse` and a strict UTF-8 decoder say what is JSON; what is accepted must come out of the edit in place
 * as it comes out of parsing, changing and printing.
 */
import { isUtf8 } from 'node:buffer';
import { isWeirError } from '../../../dist/contract/errors.js';
import { openaiChat } from '../../../dist/protocols/openai/chat.js';
import { bytes, chance, hashOf, key, number, object, pick, shuffled, space, string, value, words } from '../draw.mjs';
import { same } from '../same.mjs';

const ENVELOPE = { id: 'r', arrivedAt: 0, caller: { address: '', headers: {} } };

export const name = 'chat-request';

export function generate(random) {
  const messages = `[${Array.from({ length: 1 + random.below(4) }, () => message(random)).join(`${space(random)},${space(random)}`)}]`;
  const entries = [
    [
      'model',
      chance(random, 0.9) ? pick(random, ['"auto"', '"m"', '"a/b:c"', `"${words(random, 2)}"`]) : value(random),
    ],
    ['messages', chance(random, 0.95) ? messages : value(random)],
  ];
  const more = [
    ['stream', () => pick(random, ['true', 'false', 'null', '"yes"'])],
    [
      'stream_options',
      () => pick(random, ['{}', 'null', '{"include_usage":false}', '{"include_usage" : true,"x":[1]}', value(random)]),
    ],
    ['temperature', () => number(random)],
    ['max_tokens', () => pick(random, ['1', '16', '4096', number(random)])],
    ['max_completion_tokens', () => pick(random, ['1', '99999', number(random)])],
    ['reasoning_effort', () => pick(random, ['"low"', '"high"', 'null', value(random)])],
    ['n', () => pick(random, ['1', '2', number(random)])],
    [
      'tools',
      () =>
        `[${object(random, [
          ['type', '"function"'],
          [
            'function',
            object(random, [
              ['name', string(random)],
              ['parameters', value(random)],
            ]),
          ],
        ])}]`,
    ],
    [
      'metadata',
      () =>
        object(random, [
          [key(random), string(random)],
          ['model', string(random)],
        ]),
    ],
    ['user', () => string(random)],
    ['response_format', () => pick(random, ['{"type":"json_object"}', value(random)])],
  ];
  for (const [member, make] of more) if (chance(random, 0.2)) entries.push([member, make()]);
  if (chance(random, 0.3)) entries.push([key(random), value(random)]);
  if (chance(random, 0.05)) entries.push(pick(random, entries));
  if (chance(random, 0.03)) entries.push(['mod\\u0065l', string(random)]);
  return [space(random) + object(random, shuffled(random, entries)) + space(random)];
}

function message(random) {
  const role = pick(random, ['"user"', '"system"', '"assistant"', '"tool"', '"developer"', '"constructor"']);
  const part = () =>
    pick(random, [
      `{"type":"text","text":${string(random)}}`,
      '{"type":"image_url","image_url":{"url":"data:,x"}}',
      value(random),
    ]);
  const content = pick(random, [
    () => string(random),
    () => string(random),
    () => `[${part()},${part()}]`,
    () => 'null',
    () => value(random),
  ])();
  const entries = [
    ['role', role],
    ['content', content],
  ];
  if (chance(random, 0.1))
    entries.push(['tool_calls', `[{"id":"c","function":{"name":${string(random)},"arguments":${string(random)}}}]`]);
  if (chance(random, 0.1)) entries.push(['tool_call_id', string(random)]);
  return object(random, shuffled(random, entries));
}

export function check([text = '']) {
  const body = Buffer.from(text, 'latin1');
  const parsed = reference(body);
  let inbound;
  try {
    inbound = openaiChat.read(body, ENVELOPE);
  } catch (error) {
    if (!isWeirError(error)) throw error;
    const { code, status, message, path } = error;
    if (status !== 400 || message === '') throw new Error(`an error of status ${status}`);
    if (code === 'request.not_json') {
      if (parsed !== undefined) throw new Error('JSON was taken for none');
    } else if (code !== 'request.invalid') throw new Error(`an error ${code}`);
    else if (parsed === undefined && !message.includes('deeply')) throw new Error('what is no JSON was taken for it');
    else if (path === undefined && !message.includes('deeply')) throw new Error('an error without a path');
    JSON.parse(openaiChat.errorBody(error));
    return;
  }
  if (parsed === undefined) throw new Error('what is no JSON was accepted');
  const { model, messages, stream } = inbound.request;
  if (
    model !== parsed.value.model ||
    messages.length !== parsed.value.messages.length ||
    stream !== (parsed.value.stream === true)
  )
    throw new Error('the request read is not the one written');
  const hash = hashOf([text]);
  const parameters = PARAMETERS[hash % PARAMETERS.length];
  const served = SERVED[(hash >>> 8) % SERVED.length];
  const inject = ((hash >>> 16) & 1) === 1;
  const edited = inbound.bodyFor(served, parameters, inject);
  if (!isUtf8(edited)) throw new Error('the edited body is not UTF-8');
  const got = JSON.parse(edited.toString('utf8'));
  const want = changed(JSON.parse(parsed.text), served, parameters, inject);
  if (!same(got, want)) throw new Error('the edited body says something else');
}

const SERVED = ['auto', 'm', 'served/model-1', bytes('ü'), 'with "quotes"'];
const PARAMETERS = [
  {},
  { temperature: 0.25 },
  { maxOutputTokens: 16 },
  { reasoningEffort: 'high', maxOutputTokens: 5000 },
  { systemPrompt: { mode: 'prepend', text: 'be "brief"\n' } },
  { systemPrompt: { mode: 'append', text: 'é' } },
  { systemPrompt: { mode: 'replace', text: '' }, temperature: 0, reasoningEffort: 'low' },
];

function reference(body) {
  if (!isUtf8(body)) return undefined;
  const text = body.toString('utf8');
  try {
    return { text, value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** What the edit in place has to say, by way of parsing and changing. */
function changed(body, served, { temperature, reasoningEffort, maxOutputTokens, systemPrompt }, inject) {
  body.model = served;
  if (inject) {
    const asked = body.stream_options ?? {};
    if (typeof asked === 'object' && !Array.isArray(asked)) asked.include_usage = true;
    body.stream_options = asked;
  }
  if (reasoningEffort !== undefined) body.reasoning_effort = reasoningEffort;
  if (temperature !== undefined) body.temperature = temperature;
  if (maxOutputTokens !== undefined) {
    const member = Object.hasOwn(body, 'max_completion_tokens') ? 'max_completion_tokens' : 'max_tokens';
    const asked = body[member];
    if (typeof asked !== 'number' || asked > maxOutputTokens) body[member] = maxOutputTokens;
  }
  if (systemPrompt !== undefined) {
    const isSystem = one => one.role === 'system' || one.role === 'developer';
    const own = { role: 'system', content: systemPrompt.text };
    const { messages } = body;
    if (systemPrompt.mode === 'replace') body.messages = [own, ...messages.filter(one => !isSystem(one))];
    else if (systemPrompt.mode === 'prepend') body.messages = [own, ...messages];
    else {
      const leading = messages.findIndex(one => !isSystem(one));
      body.messages = messages.toSpliced(leading < 0 ? messages.length : leading, 0, own);
    }
  }
  return body;
}
