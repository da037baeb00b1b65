import type { ContentPart, Message, ToolCallPart } from '#contract/request.js';
import { asText, compact, type Json, objectsIn, parsedObject } from '#protocols/json.js';
import type { Answer, AnswerPart } from '#protocols/neutral/answer.js';
import type { Conversation, Tool } from '#protocols/neutral/conversation.js';
import { unwrapFreeText, wrapFreeText } from '#protocols/neutral/custom-tools.js';
import { Lost } from '#protocols/neutral/lost.js';
import { effortFor } from '#protocols/openai/terms.js';
import type { EngineRequest, EngineSide, EngineTerms } from '#protocols/protocol.js';
import { thoughtText } from './items.js';
import { ResponsesReader } from './reader.js';
import { failureOf, finishFrom, sealFrom, usageFrom } from './terms.js';

/** Responses as it is spoken to engines for clients of other APIs: nothing is left to be stored there. */
export const responsesEngine: EngineSide = { encode, decode, reader: lost => new ResponsesReader(lost) };

/** OpenAI refuses a smaller limit. */
const LEAST_OUTPUT = 16;

function encode(conversation: Conversation, terms: EngineTerms): EngineRequest {
  const lost = new Lost();
  lost.addAll(conversation.foreign);
  nameUnsayable(conversation, lost);
  const { messages, tools, toolChoice, reasoning, format, verbosity, maxOutputTokens } = conversation;
  if (maxOutputTokens !== undefined && maxOutputTokens < LEAST_OUTPUT) lost.add('max_tokens');
  const text = compact({ format: format === undefined ? undefined : formatJson(format), verbosity });
  const [first, ...rest] = messages;
  const instructions = first?.role === 'system' ? systemText(first, lost) : undefined;
  const body = compact({
    model: terms.servedModel,
    instructions,
    input: (instructions === undefined ? messages : rest).flatMap(message => itemsOf(message, lost)),
    tools: tools.length === 0 ? undefined : tools.map(toolJson),
    tool_choice: tools.length === 0 || toolChoice === undefined ? undefined : choiceJson(toolChoice, tools),
    parallel_tool_calls: tools.length === 0 ? undefined : conversation.parallelTools,
    max_output_tokens: maxOutputTokens === undefined ? undefined : Math.max(LEAST_OUTPUT, maxOutputTokens),
    temperature: conversation.temperature,
    top_p: conversation.topP,
    text: Object.keys(text).length === 0 ? undefined : text,
    reasoning:
      reasoning === undefined
        ? undefined
        : compact({ effort: reasoning.effort ?? effortFor(reasoning.budget), summary: reasoning.summary }),
    include: reasoning === undefined ? undefined : ['reasoning.encrypted_content'],
    user: conversation.user,
    prompt_cache_key: conversation.cacheKey,
    service_tier: conversation.serviceTier,
    store: false,
    stream: conversation.stream ? true : undefined,
  });
  return { body: JSON.stringify(body), lost: lost.names };
}

function nameUnsayable(conversation: Conversation, lost: Lost): void {
  const { seed, n, stop, topK, frequencyPenalty, presencePenalty, reasoning } = conversation;
  if (seed !== undefined) lost.add('seed');
  if (n > 1) lost.add('n');
  if (stop !== undefined) lost.add('stop');
  if (topK !== undefined) lost.add('top_k');
  if (frequencyPenalty !== undefined && frequencyPenalty !== 0) lost.add('frequency_penalty');
  if (presencePenalty !== undefined && presencePenalty !== 0) lost.add('presence_penalty');
  if (reasoning?.budget !== undefined && reasoning.effort === undefined) lost.add('thinking.budget_tokens');
  if (conversation.tools.some(tool => tool.cache !== undefined)) lost.add('cache_control');
}

function systemText({ content }: Message, lost: Lost): string {
  noteCache(content, lost);
  const texts: string[] = [];
  for (const part of content) {
    if (part.type === 'text') texts.push(part.text);
    else lost.add(`system.${part.type}`);
  }
  return texts.join('\n');
}

function noteCache(content: readonly ContentPart[], lost: Lost): void {
  if (content.some(part => 'cache' in part && part.cache !== undefined)) lost.add('cache_control');
}

function itemsOf({ role, content }: Message, lost: Lost): Json[] {
  noteCache(content, lost);
  const items: Json[] = [];
  let said: Json[] = [];
  const flush = (): void => {
    if (said.length > 0) items.push({ type: 'message', role, content: said });
    said = [];
  };
  for (const part of content) {
    const spoken = contentJson(part, role === 'assistant', lost);
    if (spoken === undefined) {
      const item = itemOf(part, lost);
      if (item === undefined) continue;
      flush();
      items.push(item);
    } else said.push(...spoken);
  }
  flush();
  return items;
}

/** A part that belongs into a message; `undefined` for one that is an item of its own. */
function contentJson(part: ContentPart, byAssistant: boolean, lost: Lost): Json[] | undefined {
  switch (part.type) {
    case 'text':
      return [
        byAssistant
          ? { type: 'output_text', text: part.text, annotations: [] }
          : { type: 'input_text', text: part.text },
      ];
    case 'image':
      return [{ type: 'input_image', image_url: part.source, detail: part.detail ?? 'auto' }];
    case 'file':
      return [fileJson(part.source, part.name)];
    case 'audio':
      lost.add('input_audio');
      return [];
    default:
      return undefined;
  }
}

function fileJson(source: string, filename: string | undefined): Json {
  if (/^https?:/i.test(source)) return { type: 'input_file', file_url: source };
  return source.startsWith('data:')
    ? { type: 'input_file', filename: filename ?? 'document', file_data: source }
    : { type: 'input_file', file_id: source };
}

function itemOf(part: ContentPart, lost: Lost): Json | undefined {
  switch (part.type) {
    case 'thinking': {
      const { id, signature, sealedBy, text } = part;
      if (sealedBy !== 'openai' || signature === undefined) {
        lost.add('thinking');
        return undefined;
      }
      const summary = text === '' ? [] : [{ type: 'summary_text', text }];
      return compact({ type: 'reasoning', id, summary, encrypted_content: signature });
    }
    case 'tool_call':
      return callItem(part);
    case 'tool_result': {
      if (part.failed) lost.add('tool_result.is_error');
      const shown = part.media?.flatMap(one => contentJson(one, false, lost) ?? []) ?? [];
      const output = shown.length === 0 ? part.text : [{ type: 'input_text', text: part.text }, ...shown];
      const type = part.form === 'custom' ? 'custom_tool_call_output' : 'function_call_output';
      return { type, call_id: part.id, output };
    }
    default:
      return undefined;
  }
}

function callItem({ id, name, arguments: args, form }: ToolCallPart): Json {
  return form === 'custom'
    ? { type: 'custom_tool_call', call_id: id, name, input: unwrapFreeText(args) }
    : { type: 'function_call', call_id: id, name, arguments: args === '' ? '{}' : args };
}

function toolJson({ name, description, parameters, strict, form, grammar }: Tool): Json {
  const said = description === '' ? undefined : description;
  if (form === 'custom') return compact({ type: 'custom', name, description: said, format: grammar });
  const schema = parameters ?? { type: 'object', properties: {} };
  // Unlike elsewhere, strict is what is meant here when nothing is said.
  return compact({ type: 'function', name, description: said, parameters: schema, strict: strict ?? false });
}

function choiceJson(choice: NonNullable<Conversation['toolChoice']>, tools: readonly Tool[]): unknown {
  if (choice.kind !== 'tool') return choice.kind;
  const custom = tools.find(tool => tool.name === choice.name)?.form === 'custom';
  return { type: custom ? 'custom' : 'function', name: choice.name };
}

function formatJson(format: NonNullable<Conversation['format']>): Json {
  if (format.kind === 'json') return { type: 'json_object' };
  const { name, schema, strict, description } = format;
  return compact({ type: 'json_schema', name, schema, strict, description });
}

function decode(text: string): Answer | undefined {
  const body = parsedObject(text);
  if (body === undefined || !Array.isArray(body.output)) return undefined;
  if (body.status === 'failed') throw failureOf(body.error);
  const lost = new Lost();
  const usage = usageFrom(body.usage);
  const parts = objectsIn(body.output).flatMap(item => answerParts(item, lost));
  return {
    parts,
    finish: finishFrom(
      body,
      parts.some(part => part.type === 'tool_call'),
    ),
    ...(usage === undefined ? undefined : { usage }),
    foreign: lost.names,
  };
}

function answerParts(item: Json, lost: Lost): AnswerPart[] {
  switch (item.type) {
    case 'message':
      return objectsIn(item.content).map(part => {
        if (Array.isArray(part.annotations) && part.annotations.length > 0) lost.add('annotations');
        return part.type === 'refusal'
          ? { type: 'refusal', text: asText(part.refusal) }
          : { type: 'text', text: asText(part.text) };
      });
    case 'reasoning':
      return [{ type: 'thinking', text: thoughtText(item), ...sealFrom(item) }];
    case 'function_call':
      return [callPart(item, asText(item.arguments))];
    case 'custom_tool_call':
      return [{ ...callPart(item, wrapFreeText(asText(item.input))), form: 'custom' }];
    default:
      lost.add(`output.${asText(item.type)}`);
      return [];
  }
}

function callPart(item: Json, args: string): ToolCallPart {
  return { type: 'tool_call', id: asText(item.call_id), name: asText(item.name), arguments: args };
}
