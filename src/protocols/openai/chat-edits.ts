import type { RouteParameters } from '#contract/route.js';
import { type Outline, outlineOf } from '#protocols/json-outline.js';
import { type Edit, elementSpans, openingOf, type Span } from '#protocols/json-text.js';

type Json = Readonly<Record<string, unknown>>;

/** A body that is to be changed. */
export interface ChatBody {
  readonly text: string;
  readonly body: Json;
  readonly outline: Outline;
}

/**
 * What must change in a Chat Completions body to put in the served model's name and the route's parameters; everything else stays
 * as the client wrote it.
 */
export function chatEdits(
  chat: ChatBody,
  servedModel: string,
  parameters: RouteParameters,
  injectUsage: boolean,
): Edit[] {
  const { body } = chat;
  const edits: Edit[] = [];
  if (body.model !== servedModel) setMember(edits, chat, 'model', servedModel);
  if (injectUsage) askForUsage(edits, chat);
  const { systemPrompt, reasoningEffort, maxOutputTokens, temperature } = parameters;
  if (reasoningEffort !== undefined) setMember(edits, chat, 'reasoning_effort', reasoningEffort);
  if (temperature !== undefined) setMember(edits, chat, 'temperature', temperature);
  if (maxOutputTokens !== undefined) capOutput(edits, chat, maxOutputTokens);
  if (systemPrompt !== undefined) putSystemPrompt(edits, chat, systemPrompt);
  return edits;
}

/** What the client asked of its stream stays as it is written; what is no object is the engine's to refuse. */
function askForUsage(edits: Edit[], chat: ChatBody): void {
  const asked = chat.body.stream_options ?? undefined;
  if (asked === undefined) putMember(edits, chat, 'stream_options', '{"include_usage":true}');
  else if (typeof asked === 'object' && !Array.isArray(asked)) {
    const span = chat.outline.values.get('stream_options');
    if (span === undefined) return;
    const { values } = outlineOf(chat.text.slice(span.start, span.end));
    const own = values.get('include_usage');
    edits.push(
      own === undefined
        ? { start: span.start + 1, end: span.start + 1, text: `"include_usage":true${values.size === 0 ? '' : ','}` }
        : { start: span.start + own.start, end: span.start + own.end, text: 'true' },
    );
  }
}

function setMember(edits: Edit[], chat: ChatBody, key: string, value: number | string): void {
  putMember(edits, chat, key, print(value));
}

function putMember(edits: Edit[], { text, outline }: ChatBody, key: string, printed: string): void {
  const span = outline.values.get(key);
  if (span !== undefined) edits.push({ start: span.start, end: span.end, text: printed });
  else {
    const at = openingOf(text);
    edits.push({ start: at, end: at, text: `"${key}":${printed},` });
  }
}

/** Names of models and the like, printed once: there are few, and printing costs more than finding. */
const printedTexts = new Map<string, string>();
const MOST_PRINTED = 1024;

function print(value: number | string): string {
  if (typeof value === 'number') return String(value);
  const known = printedTexts.get(value);
  if (known !== undefined) return known;
  if (printedTexts.size >= MOST_PRINTED) printedTexts.clear();
  const printed = JSON.stringify(value);
  printedTexts.set(value, printed);
  return printed;
}

/** A decision's cap only ever lowers what the client asked for. */
function capOutput(edits: Edit[], chat: ChatBody, cap: number): void {
  const { body } = chat;
  const key = 'max_completion_tokens' in body ? 'max_completion_tokens' : 'max_tokens';
  const asked = body[key];
  if (typeof asked !== 'number' || asked > cap) setMember(edits, chat, key, cap);
}

function putSystemPrompt(
  edits: Edit[],
  { text, outline }: ChatBody,
  prompt: NonNullable<RouteParameters['systemPrompt']>,
): void {
  const span = outline.values.get('messages');
  if (span === undefined) return;
  const elements = elementSpans(text, span.start);
  const parsed = elements.map(element => JSON.parse(text.slice(element.start, element.end)) as Json);
  const message = JSON.stringify({ role: 'system', content: prompt.text });
  if (prompt.mode === 'replace') {
    replaceSystem(edits, elements, parsed, message);
    return;
  }
  const leading = parsed.findIndex(element => !isSystem(element));
  const index = prompt.mode === 'prepend' ? 0 : leading < 0 ? elements.length : leading;
  const next = elements[index];
  const last = elements.at(-1);
  if (next !== undefined) edits.push({ start: next.start, end: next.start, text: `${message},` });
  else if (last !== undefined) edits.push({ start: last.end, end: last.end, text: `,${message}` });
}

/** Takes the system messages out, comma and all, and puts one in at the front. */
function replaceSystem(edits: Edit[], elements: readonly Span[], parsed: readonly Json[], message: string): void {
  const lastKept = parsed.findLastIndex(element => !isSystem(element));
  const first = elements[0];
  const last = elements.at(-1);
  if (first === undefined || last === undefined) return;
  if (lastKept < 0) {
    edits.push({ start: first.start, end: last.end, text: message });
    return;
  }
  let text = `${message},`;
  for (let at = 0; at < lastKept; at++) {
    const removed = isSystem(parsed[at]);
    if (at === 0 || removed) {
      edits.push({ start: elements[at]!.start, end: removed ? elements[at + 1]!.start : elements[at]!.start, text });
    }
    text = '';
  }
  if (lastKept === 0) edits.push({ start: first.start, end: first.start, text });
  if (lastKept < elements.length - 1) edits.push({ start: elements[lastKept]!.end, end: last.end, text: '' });
}

function isSystem(message: Json | undefined): boolean {
  return message?.role === 'system' || message?.role === 'developer';
}
