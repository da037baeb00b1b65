import type { AnswerTextKind } from '#contract/answer-guard.js';
import { type GuardChain, verdictsOf } from '#protocols/guards/guard-chain.js';
import { mapStrings } from '#protocols/guards/strings.js';
import { isObject, type Json, parsedObject } from '#protocols/json.js';
import type { AnswerForm, StreamForm } from '#protocols/protocol.js';
import { type SseEvent, sseText } from '#protocols/sse.js';

/** The texts that are told by deltas, by the stem of their events: what they are, and their member in the event of the end. */
const STEMS: Readonly<Record<string, { readonly kind: AnswerTextKind; readonly member: string }>> = {
  output_text: { kind: 'text', member: 'text' },
  refusal: { kind: 'refusal', member: 'refusal' },
  reasoning_text: { kind: 'thinking', member: 'text' },
  reasoning_summary_text: { kind: 'thinking', member: 'text' },
  function_call_arguments: { kind: 'arguments', member: 'arguments' },
  custom_tool_call_input: { kind: 'input', member: 'input' },
};

/** The stem that the deltas of a part have. */
const PARTS: Readonly<Record<string, string>> = {
  output_text: 'output_text',
  refusal: 'refusal',
  reasoning_text: 'reasoning_text',
  summary_text: 'reasoning_summary_text',
};

/** Members of a response that repeat texts of its request. */
const REPEATED = [
  'instructions',
  'metadata',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt',
  'tools',
  'text',
] as const;

/** A response that repeats its request as the client wrote it. */
function withRequest(response: Json, guards: GuardChain): Json {
  const said = REPEATED.flatMap(key =>
    response[key] == null ? [] : [[key, mapStrings(response[key], text => guards.repeated(text))] as const],
  );
  return { ...response, ...Object.fromEntries(said) };
}

/** The texts of one answer as they were passed on: streams repeat them, and must repeat what the client was told. */
class Told {
  private readonly texts = new Map<string, string>();

  constructor(private readonly guards: GuardChain) {}

  add(key: string, text: string): void {
    this.texts.set(key, (this.texts.get(key) ?? '') + text);
  }

  /** The text as it was told; one that no delta told passes the guards now. */
  text(key: string, kind: AnswerTextKind, whole: string): string {
    let told = this.texts.get(key);
    if (told === undefined) told = this.guards.whole(key, kind, whole);
    else told += this.guards.close(key);
    this.texts.set(key, told);
    return told;
  }

  part(part: Json, output: unknown, at: unknown): Json {
    const stem = typeof part.type === 'string' ? PARTS[part.type] : undefined;
    return stem === undefined ? part : this.member(part, keyOf(stem, output, at), stem);
  }

  item(item: Json, output: unknown): Json {
    switch (item.type) {
      case 'function_call':
        return this.member(item, keyOf('function_call_arguments', output, 0), 'function_call_arguments');
      case 'custom_tool_call':
        return this.member(item, keyOf('custom_tool_call_input', output, 0), 'custom_tool_call_input');
      case 'local_shell_call': {
        let at = 0;
        const lead = (text: string): string => this.text(`${output}.shell.${at++}`, 'input', text);
        return { ...item, action: mapStrings(item.action, lead) };
      }
      default:
        return {
          ...item,
          ...(Array.isArray(item.content) ? { content: this.parts(item.content, output) } : undefined),
          ...(Array.isArray(item.summary) ? { summary: this.parts(item.summary, output) } : undefined),
        };
    }
  }

  response(given: Json): Json {
    const response = withRequest(given, this.guards);
    if (!Array.isArray(response.output)) return response;
    const output = response.output.map((item: unknown, at) => (isObject(item) ? this.item(item, at) : item));
    // A convenience of some engines and of OpenAI's own clients: all texts of the answer.
    const all = typeof response.output_text === 'string' ? { output_text: textsOf(output) } : undefined;
    return { ...response, output, ...all };
  }

  private parts(parts: readonly unknown[], output: unknown): readonly unknown[] {
    return parts.map((part, at) => (isObject(part) ? this.part(part, output, at) : part));
  }

  private member(holder: Json, key: string, stem: string): Json {
    const { kind, member } = STEMS[stem]!;
    const text = holder[member];
    return typeof text === 'string' ? { ...holder, [member]: this.text(key, kind, text) } : holder;
  }
}

function keyOf(stem: string, output: unknown, at: unknown): string {
  return `${output ?? 0}.${stem}.${at ?? 0}`;
}

function textsOf(output: readonly unknown[]): string {
  return output
    .filter(isObject)
    .flatMap(({ content }) => (Array.isArray(content) ? content : []))
    .map(part => (isObject(part) && part.type === 'output_text' && typeof part.text === 'string' ? part.text : ''))
    .join('');
}

class ResponsesStream implements StreamForm {
  added = 0;
  final: string | undefined;
  private readonly told: Told;

  constructor(private readonly guards: GuardChain) {
    this.told = new Told(guards);
  }

  event({ name, data }: SseEvent): string {
    const event = parsedObject(data);
    if (event === undefined) return name === '' ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`;
    const type = typeof event.type === 'string' ? event.type : name;
    const changed = this.changed(type, event);
    let text = '';
    for (const one of changed) {
      const numbered = typeof event.sequence_number === 'number';
      const own = one === changed.at(-1);
      const said = numbered ? { ...one, sequence_number: (event.sequence_number as number) + this.added } : one;
      if (!own) this.added++;
      text += sseText(own && name !== '' ? name : String(said.type), said);
    }
    return text;
  }

  /** The event as it goes on, and before it those that it has made necessary. */
  private changed(type: string, event: Json): readonly Json[] {
    const { output_index: output } = event;
    const at = event.content_index ?? event.summary_index;
    const [, stem = '', step] = /^response\.(\w+)\.(delta|done)$/.exec(type) ?? [];
    const known = STEMS[stem];
    if (known !== undefined) {
      const key = keyOf(stem, output, at);
      if (step === 'delta') {
        const text = typeof event.delta === 'string' ? event.delta : '';
        const delta = text === '' ? '' : this.guards.text(key, known.kind, text);
        this.told.add(key, delta);
        return [{ ...event, delta }];
      }
      const rest = this.rest(key, stem, event);
      const whole = event[known.member];
      const said = typeof whole === 'string' ? { [known.member]: this.told.text(key, known.kind, whole) } : undefined;
      return [...rest, { ...event, ...said }];
    }
    if (step === 'done' && isObject(event.part)) {
      const partStem = PARTS[String(event.part.type)];
      const rest = partStem === undefined ? [] : this.rest(keyOf(partStem, output, at), partStem, event);
      return [...rest, { ...event, part: this.told.part(event.part, output, at) }];
    }
    if (step === 'done' && isObject(event.item)) return [{ ...event, item: this.told.item(event.item, output) }];
    if (type === 'response.completed' || type === 'response.incomplete') return [this.ended(event)];
    return [isObject(event.response) ? { ...event, response: withRequest(event.response, this.guards) } : event];
  }

  /** A delta with what was held back of a text whose end has come. */
  private rest(key: string, stem: string, event: Json): readonly Json[] {
    const delta = this.guards.close(key);
    if (delta === '') return [];
    this.told.add(key, delta);
    const { part: _, item: _item, [STEMS[stem]!.member]: _text, ...place } = event;
    return [{ ...place, type: `response.${stem}.delta`, delta }];
  }

  private ended(event: Json): Json {
    const response = isObject(event.response) ? this.told.response(event.response) : {};
    const verdicts = verdictsOf(this.guards.end());
    this.final = JSON.stringify({ ...response, ...verdicts });
    return { ...event, response: { ...response, ...verdicts } };
  }
}

/** Where the texts stand in answers of OpenAI's Responses. */
export const responsesForm: AnswerForm = {
  whole(answer, guards) {
    const response = new Told(guards).response(answer);
    return { ...response, ...verdictsOf(guards.end()) };
  },
  stream: guards => new ResponsesStream(guards),
};
