/**
 * Bodies of all APIs but Chat Completions, which has a target of its own. What is accepted must be what was written, must stay JSON
 * with another model's name in it, and must come out in every engine's API as something that Weir itself would accept there.
 */
import { isUtf8 } from 'node:buffer';
import { isWeirError } from '../../../dist/contract/errors.js';
import { PROTOCOLS } from '../../../dist/protocols/registry.js';
import { withParameters } from '../../../dist/protocols/translation.js';
import { chance, key, number, object, pick, shuffled, space, string, value } from '../draw.mjs';

export const name = 'api-request';

const ENVELOPE = { id: 'r', arrivedAt: 0, caller: { address: '', headers: {} } };
const TERMS = { servedModel: 'served', defaultMaxTokens: 1024, streamUsage: true };
const APIS = PROTOCOLS.filter(({ name: api }) => api !== 'chat');
const ENGINES = PROTOCOLS.filter(({ engine }) => engine !== undefined);
const PARAMETERS = { temperature: 0.5, maxOutputTokens: 100, systemPrompt: { mode: 'prepend', text: 'short' } };

export function generate(random) {
  const at = random.below(APIS.length);
  const entries = [
    ['model', chance(random, 0.95) ? '"auto"' : value(random)],
    ...GRAMMARS[at % GRAMMARS.length](random),
  ];
  if (chance(random, 0.3)) entries.push([key(random), value(random)]);
  if (chance(random, 0.2)) entries.push(['stream', pick(random, ['true', 'false', 'null', '1'])]);
  // The first piece says whose it is.
  return [String(at), space(random) + object(random, shuffled(random, entries))];
}

const some = (random, make) => `[${Array.from({ length: random.below(4) }, () => make(random)).join(',')}]`;
const typed = (type, ...entries) => `{"type":"${type}"${entries.map(([name, text]) => `,"${name}":${text}`).join('')}}`;
const noise = random => (chance(random, 0.1) ? [[key(random), value(random)]] : []);
const orNoise = (random, text) => (chance(random, 0.93) ? text : value(random));

const image = random =>
  pick(random, [
    typed('image', ['source', '{"type":"base64","media_type":"image/png","data":"AAAA"}']),
    typed('image', ['source', '{"type":"url","url":"https://example.com/a.png"}']),
    typed('input_image', ['image_url', '"https://example.com/a.png"']),
    typed('document', ['source', value(random)]),
  ]);

function anthropicBlock(random, depth = 0) {
  return pick(random, [
    () => typed('text', ['text', string(random)], ...noise(random)),
    () => typed('text', ['text', string(random)], ['cache_control', '{"type":"ephemeral"}']),
    () => image(random),
    () => typed('thinking', ['thinking', string(random)], ['signature', string(random)]),
    () => typed('redacted_thinking', ['data', string(random)]),
    () => typed('tool_use', ['id', '"t1"'], ['name', string(random)], ['input', orNoise(random, object(random, []))]),
    () =>
      typed(
        'tool_result',
        ['tool_use_id', '"t1"'],
        ['content', depth > 1 ? string(random) : some(random, inner => anthropicBlock(inner, depth + 1))],
      ),
    () => value(random),
  ])();
}

function messages(random) {
  const turn = () =>
    object(random, [
      ['role', pick(random, ['"user"', '"user"', '"assistant"', '"system"'])],
      ['content', chance(random, 0.4) ? string(random) : some(random, anthropicBlock)],
    ]);
  const entries = [
    ['max_tokens', orNoise(random, pick(random, ['1', '1024', number(random)]))],
    ['messages', orNoise(random, some(random, turn))],
  ];
  const tool = () =>
    object(random, [
      ['name', string(random)],
      ['input_schema', value(random)],
    ]);
  if (chance(random, 0.3))
    entries.push(['system', chance(random, 0.5) ? string(random) : some(random, anthropicBlock)]);
  if (chance(random, 0.3)) entries.push(['tools', some(random, tool)]);
  if (chance(random, 0.2))
    entries.push(['tool_choice', pick(random, ['{"type":"auto"}', '{"type":"tool","name":"x"}', value(random)])]);
  if (chance(random, 0.2))
    entries.push(['thinking', pick(random, ['{"type":"enabled","budget_tokens":2048}', value(random)])]);
  if (chance(random, 0.2)) entries.push(['stop_sequences', some(random, string)]);
  return entries;
}

function item(random) {
  const content = () =>
    chance(random, 0.4)
      ? string(random)
      : some(random, inner =>
          pick(inner, [
            () => typed('input_text', ['text', string(inner)]),
            () => typed('output_text', ['text', string(inner)], ['annotations', '[]']),
            () => typed('refusal', ['refusal', string(inner)]),
            () => image(inner),
            () => value(inner),
          ])(),
        );
  return pick(random, [
    () =>
      object(random, [
        ['role', pick(random, ['"user"', '"assistant"', '"developer"'])],
        ['content', content()],
      ]),
    () => typed('message', ['role', '"user"'], ['content', content()]),
    () => typed('function_call', ['call_id', '"c1"'], ['name', string(random)], ['arguments', string(random)]),
    () =>
      typed('function_call_output', ['call_id', '"c1"'], ['output', chance(random, 0.7) ? string(random) : content()]),
    () => typed('custom_tool_call', ['call_id', '"c2"'], ['name', '"p"'], ['input', string(random)]),
    () => typed('custom_tool_call_output', ['call_id', '"c2"'], ['output', string(random)]),
    () =>
      typed(
        'reasoning',
        ['id', '"rs"'],
        ['summary', some(random, inner => typed('summary_text', ['text', string(inner)]))],
      ),
    () => value(random),
  ])();
}

function responses(random) {
  const tool = () =>
    pick(random, [
      () => typed('function', ['name', string(random)], ['parameters', value(random)], ['strict', 'false']),
      () => typed('custom', ['name', '"p"'], ['format', value(random)]),
      () => typed('web_search'),
      () => value(random),
    ])();
  const entries = [['input', orNoise(random, chance(random, 0.3) ? string(random) : some(random, item))]];
  if (chance(random, 0.3)) entries.push(['instructions', string(random)]);
  if (chance(random, 0.3)) entries.push(['tools', some(random, tool)]);
  if (chance(random, 0.2)) entries.push(['tool_choice', pick(random, ['"auto"', '"required"', value(random)])]);
  if (chance(random, 0.2))
    entries.push(['reasoning', pick(random, ['{"effort":"low","summary":"auto"}', value(random)])]);
  if (chance(random, 0.2)) entries.push(['text', pick(random, ['{"format":{"type":"json_object"}}', value(random)])]);
  if (chance(random, 0.2)) entries.push(['max_output_tokens', number(random)]);
  if (chance(random, 0.1)) entries.push(['previous_response_id', string(random)]);
  return entries;
}

function completions(random) {
  const entries = [['prompt', pick(random, [string(random), some(random, string), '[1,2,3]', value(random)])]];
  if (chance(random, 0.2))
    entries.push(['max_tokens', number(random)], ['stop', pick(random, [string(random), some(random, string)])]);
  if (chance(random, 0.2)) entries.push([pick(random, ['echo', 'suffix', 'logprobs', 'best_of', 'n']), value(random)]);
  return entries;
}

const embeddings = random => [
  ['input', pick(random, [string(random), some(random, string), '[[1,2],[3]]', value(random)])],
  ...(chance(random, 0.2) ? [['dimensions', number(random)]] : []),
];

/** In the order of {@link APIS}. */
const BY_NAME = { messages, responses, completions, embeddings, compaction: responses };
const GRAMMARS = APIS.map(({ enginePath }) => {
  if (enginePath.endsWith('compact')) return BY_NAME.compaction;
  return BY_NAME[enginePath.slice(enginePath.lastIndexOf('/') + 1)] ?? messages;
});

export function check([which = '0', text = '']) {
  const protocol = APIS[Number(which)] ?? APIS[0];
  const body = Buffer.from(text, 'latin1');
  const written = isUtf8(body) ? jsonOf(body.toString('utf8')) : undefined;
  const inbound = orRefused(protocol, () => protocol.read(body, ENVELOPE));
  if (inbound === undefined) return;
  if (written === undefined) throw new Error('what is no JSON was accepted');
  if (inbound.request.model !== written.value.model) throw new Error('the model read is not the one written');
  for (const parameters of [{}, PARAMETERS]) {
    const edited = orRefused(protocol, () => inbound.bodyFor('served', parameters, false));
    if (edited === undefined) continue;
    const sent = isUtf8(edited) ? jsonOf(edited.toString('utf8')) : undefined;
    if (sent === undefined) throw new Error('the edited body is no JSON');
    if (sent.value.model !== 'served') throw new Error('the edited body names another model');
  }
  const conversation = orRefused(protocol, () => inbound.conversation());
  if (conversation === undefined) return;
  for (const engine of ENGINES) translated(protocol, withParameters(conversation, PARAMETERS), engine);
}

/** What an engine would be sent has to be something that Weir, in the engine's place, accepts. */
function translated(protocol, conversation, engine) {
  const made = orRefused(protocol, () => engine.engine.encode(conversation, TERMS));
  if (made === undefined) return;
  if (jsonOf(made.body)?.value.model !== TERMS.servedModel)
    throw new Error(`a body for ${engine.name} names another model`);
  try {
    engine.read(Buffer.from(made.body), ENVELOPE);
  } catch (error) {
    throw new Error(`a body for ${engine.name} would be refused: ${error.code} ${error.path ?? ''}`);
  }
}

function orRefused(protocol, make) {
  try {
    return make();
  } catch (error) {
    if (!isWeirError(error)) throw error;
    if (error.status < 400 || error.status > 499) throw new Error(`a client's error of status ${error.status}`);
    JSON.parse(protocol.errorBody(error));
    return undefined;
  }
}

function jsonOf(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
