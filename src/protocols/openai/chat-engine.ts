import type { ContentPart, Message, ToolCallPart } from '#contract/request.js';
import { asText, compact, isObject, type Json, objectsIn, parsedObject } from '#protocols/json.js';
import type { Answer, AnswerPart } from '#protocols/neutral/answer.js';
import type { Conversation, Tool } from '#protocols/neutral/conversation.js';
import { FREE_TEXT_SCHEMA } from '#protocols/neutral/custom-tools.js';
import { Lost } from '#protocols/neutral/lost.js';
import type { EngineRequest, EngineSide, EngineTerms } from '#protocols/protocol.js';
import { textsIn } from './answer-parts.js';
import { ChatReader } from './chat-reader.js';
import { answerUsage, effortFor, finishOf, stopTextOf } from './terms.js';

/** Chat Completions as it is spoken to engines for clients of other APIs. */
export const chatEngine: EngineSide = {
  encode: encodeChat,
  decode: decodeChat,
  reader: () => new ChatReader(),
};

function encodeChat(conversation: Conversation, terms: EngineTerms): EngineRequest {
  const lost = new Lost();
  lost.addAll(conversation.foreign);
  const { reasoning, stream, maxOutputTokens, format, tools, toolChoice } = conversation;
  if (tools.some(tool => tool.cache !== undefined)) lost.add('cache_control');
  if (reasoning?.budget !== undefined && reasoning.effort === undefined) lost.add('thinking.budget_tokens');
  if (terms.strict === true && conversation.topK !== undefined) lost.add('top_k');
  const effort = reasoning?.effort ?? effortFor(reasoning?.budget);
  // The name that reasoning models insist on is unknown to older engines, which have no reasoning to speak of.
  const limit = effort === undefined ? 'max_tokens' : 'max_completion_tokens';
  const body = compact({
    model: terms.servedModel,
    messages: conversation.messages.flatMap(message => chatMessages(message, lost)),
    tools: tools.length === 0 ? undefined : tools.map(tool => chatTool(tool, lost)),
    tool_choice: tools.length === 0 || toolChoice === undefined ? undefined : chatToolChoice(toolChoice),
    parallel_tool_calls: tools.length === 0 ? undefined : conversation.parallelTools,
    [limit]: maxOutputTokens,
    temperature: conversation.temperature,
    top_p: conversation.topP,
    top_k: terms.strict === true ? undefined : conversation.topK,
    seed: conversation.seed,
    stop: conversation.stop,
    n: conversation.n === 1 ? undefined : conversation.n,
    frequency_penalty: conversation.frequencyPenalty,
    presence_penalty: conversation.presencePenalty,
    response_format: format === undefined ? undefined : chatFormat(format),
    reasoning_effort: effort,
    verbosity: conversation.verbosity,
    user: conversation.user,
    prompt_cache_key: conversation.cacheKey,
    service_tier: conversation.serviceTier,
    stream: stream ? true : undefined,
    stream_options: stream && terms.streamUsage ? { include_usage: true } : undefined,
  });
  return { body: JSON.stringify(body), lost: lost.names };
}

function chatMessages({ role, content }: Message, lost: Lost): Json[] {
  if (content.some(part => 'cache' in part && part.cache !== undefined)) lost.add('cache_control');
  if (role === 'assistant') return [assistantMessage(content, lost)];
  if (role !== 'tool') return [{ role, content: contentOf(content, lost) }];
  const messages: Json[] = [];
  const media: ContentPart[] = [];
  for (const part of content) {
    if (part.type !== 'tool_result') continue;
    if (part.failed) lost.add('tool_result.is_error');
    if (part.media !== undefined) media.push(...part.media);
    messages.push({ role: 'tool', tool_call_id: part.id, content: part.text });
  }
  // Results of tools are text here: what else they hold comes right behind them.
  if (media.length > 0) messages.push({ role: 'user', content: contentOf(media, lost) });
  return messages;
}

function assistantMessage(content: readonly ContentPart[], lost: Lost): Json {
  const texts: string[] = [];
  const calls: Json[] = [];
  for (const part of content) {
    if (part.type === 'text') texts.push(part.text);
    else if (part.type === 'tool_call') calls.push(chatCall(part));
    else lost.add(part.type === 'thinking' ? 'thinking' : `assistant.${part.type}`);
  }
  const text = texts.join('');
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(calls.length > 0 ? { tool_calls: calls } : undefined),
  };
}

export function chatCall({ id, name, arguments: args }: ToolCallPart): Json {
  return { id, type: 'function', function: { name, arguments: args === '' ? '{}' : args } };
}

function contentOf(content: readonly ContentPart[], lost: Lost): unknown {
  if (content.every(part => part.type === 'text')) return content.map(part => part.text).join('\n');
  return content.flatMap((part): Json[] => {
    switch (part.type) {
      case 'text':
        return [{ type: 'text', text: part.text }];
      case 'image':
        return [{ type: 'image_url', image_url: compact({ url: part.source, detail: part.detail }) }];
      case 'audio':
        return [{ type: 'input_audio', input_audio: compact({ data: part.source, format: part.format }) }];
      case 'file':
        if (/^https?:/i.test(part.source)) {
          lost.add('document.url');
          return [];
        }
        return part.source.startsWith('data:')
          ? [{ type: 'file', file: { filename: part.name ?? 'document', file_data: part.source } }]
          : [{ type: 'file', file: { file_id: part.source } }];
      default:
        lost.add(part.type);
        return [];
    }
  });
}

function chatTool({ name, description, parameters, strict, form, grammar }: Tool, lost: Lost): Json {
  if (grammar !== undefined) lost.add('tools.format');
  const schema = form === 'custom' ? FREE_TEXT_SCHEMA : parameters;
  return {
    type: 'function',
    function: compact({ name, description: description === '' ? undefined : description, parameters: schema, strict }),
  };
}

function chatToolChoice(choice: NonNullable<Conversation['toolChoice']>): unknown {
  return choice.kind === 'tool' ? { type: 'function', function: { name: choice.name } } : choice.kind;
}

function chatFormat(format: NonNullable<Conversation['format']>): Json {
  if (format.kind === 'json') return { type: 'json_object' };
  const { name, schema, strict, description } = format;
  return { type: 'json_schema', json_schema: compact({ name, description, schema, strict }) };
}

function decodeChat(text: string): Answer | undefined {
  const body = parsedObject(text);
  if (body === undefined || !Array.isArray(body.choices)) return undefined;
  const [choice] = objectsIn(body.choices);
  if (choice === undefined) return undefined;
  const message = isObject(choice.message) ? choice.message : {};
  const parts: AnswerPart[] = [];
  const { content } = message;
  const thought = asText(message.reasoning_content) || asText(message.reasoning) || textsIn(content, 'thinking');
  if (thought !== '') parts.push({ type: 'thinking', text: thought });
  const said = asText(content) || textsIn(content, 'text');
  if (said !== '') parts.push({ type: 'text', text: said });
  if (asText(message.refusal) !== '') parts.push({ type: 'refusal', text: asText(message.refusal) });
  const calls = objectsIn(message.tool_calls);
  for (const call of calls) {
    const { name, arguments: args } = isObject(call.function) ? call.function : {};
    parts.push({ type: 'tool_call', id: asText(call.id), name: asText(name), arguments: asText(args) || '{}' });
  }
  const usage = answerUsage(body.usage);
  const stopSequence = calls.length > 0 ? undefined : stopTextOf(choice);
  return {
    parts,
    ...(stopSequence === undefined
      ? { finish: finishOf(choice.finish_reason, calls.length > 0) }
      : { finish: 'stop_sequence', stopSequence }),
    ...(usage === undefined ? undefined : { usage }),
    foreign: isObject(choice.logprobs) ? ['logprobs'] : [],
  };
}
