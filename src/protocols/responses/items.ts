import {
  type ContentPart,
  type FilePart,
  type ImagePart,
  joinedTexts,
  type Message,
  type Role,
  type ToolResultPart,
} from '#contract/request.js';
import { asText, invalid, isObject, type Json, objectsIn, shown } from '#protocols/json.js';
import { wrapFreeText } from '#protocols/neutral/custom-tools.js';
import { fileDataUrl } from '#protocols/neutral/file-data.js';
import type { Lost } from '#protocols/neutral/lost.js';
import { unpackSeal } from '#protocols/neutral/seal.js';

const ROLES: Readonly<Record<string, Role>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
};

/** The items of `input`; a bare text is one user message. @throws WeirError `request.invalid`. */
export function inputItems(input: unknown): readonly Json[] {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }];
  if (!Array.isArray(input)) throw invalid('input', 'input must be a string or an array of items', 'a string');
  return input.map((item: unknown, at) => {
    if (!isObject(item)) throw invalid(`input[${at}]`, 'An item must be an object', '{"role": …, "content": …}');
    return item;
  });
}

/** Ids of the items that are named instead of said. */
export function referencesIn(items: readonly Json[]): readonly string[] {
  return items.flatMap(item => (isReference(item) && typeof item.id === 'string' ? [item.id] : []));
}

/** Whether an item stands for one of an earlier response. */
export function isReference({ type }: Json): boolean {
  return type === 'item_reference';
}

/** Items as messages: what the assistant said, thought and called in a row is one message, and so are the results in a row. */
export function messagesFrom(items: readonly Json[], lost: Lost): Message[] {
  const messages: { role: Role; content: ContentPart[] }[] = [];
  items.forEach((item, at) => {
    const found = fromItem(item, `input[${at}]`, lost);
    if (found === undefined) return;
    const last = messages.at(-1);
    const joins = last?.role === found.role && (found.role === 'assistant' || found.role === 'tool');
    if (joins) last.content.push(...found.content);
    else messages.push({ role: found.role, content: [...found.content] });
  });
  return messages;
}

function fromItem(item: Json, path: string, lost: Lost): Message | undefined {
  switch (item.type) {
    case undefined:
    case 'message': {
      const role = typeof item.role === 'string' && Object.hasOwn(ROLES, item.role) ? ROLES[item.role] : undefined;
      if (role === undefined) {
        throw invalid(`${path}.role`, `Unknown role ${shown(item.role)}`, 'user, assistant, system or developer');
      }
      return { role, content: contentParts(item.content, `${path}.content`, lost) };
    }
    case 'reasoning':
      return { role: 'assistant', content: [thoughtOf(item)] };
    case 'function_call': {
      const { call_id: id, name, arguments: args } = item;
      return { role: 'assistant', content: [{ type: 'tool_call', ...named(id, name), arguments: asText(args) }] };
    }
    case 'custom_tool_call': {
      const { call_id: id, name, input } = item;
      const args = wrapFreeText(asText(input));
      return {
        role: 'assistant',
        content: [{ type: 'tool_call', ...named(id, name), arguments: args, form: 'custom' }],
      };
    }
    case 'local_shell_call': {
      const { type: _, ...action } = isObject(item.action) ? item.action : {};
      const args = JSON.stringify(action);
      const call = { type: 'tool_call', ...named(item.call_id, 'local_shell'), arguments: args } as const;
      return { role: 'assistant', content: [{ ...call, form: 'local_shell' }] };
    }
    case 'function_call_output':
      return { role: 'tool', content: [resultOf(item.call_id, item.output, path, lost)] };
    case 'custom_tool_call_output':
      return { role: 'tool', content: [{ ...resultOf(item.call_id, item.output, path, lost), form: 'custom' }] };
    case 'local_shell_call_output': {
      const result = resultOf(item.call_id ?? item.id, item.output, path, lost);
      return { role: 'tool', content: [{ ...result, form: 'local_shell' }] };
    }
    default:
      if (typeof item.type !== 'string') throw invalid(`${path}.type`, `Unknown item ${shown(item.type)}`, 'message');
      lost.add(`input.${item.type}`);
      return undefined;
  }
}

function named(id: unknown, name: unknown): { readonly id: string; readonly name: string } {
  return { id: asText(id), name: asText(name) };
}

function thoughtOf(item: Json): ContentPart {
  const text = thoughtText(item);
  const encrypted = asText(item.encrypted_content);
  const unpacked = unpackSeal(encrypted, text);
  if (unpacked !== undefined) return unpacked;
  const id = asText(item.id);
  return {
    type: 'thinking',
    text,
    sealedBy: 'openai',
    ...(encrypted === '' ? undefined : { signature: encrypted }),
    ...(id === '' ? undefined : { id }),
  };
}

/** What can be read of a reasoning item: its thoughts where the engine shows them, else their summary. */
export function thoughtText(item: Json): string {
  const shownParts = objectsIn(item.content);
  const parts = shownParts.length > 0 ? shownParts : objectsIn(item.summary);
  return parts.map(part => asText(part.text)).join('\n\n');
}

function contentParts(content: unknown, path: string, lost: Lost): ContentPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw invalid(path, 'content must be a string or an array of parts', 'a string');
  return content.flatMap((part: unknown, at): ContentPart[] => {
    if (!isObject(part))
      throw invalid(`${path}[${at}]`, 'A part must be an object', '{"type": "input_text", "text": …}');
    return partOf(part, `${path}[${at}]`, lost);
  });
}

function partOf(part: Json, path: string, lost: Lost): ContentPart[] {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return [{ type: 'text', text: asText(part.text) }];
    case 'refusal':
      return [{ type: 'text', text: asText(part.refusal) }];
    case 'input_image': {
      const source = asText(part.image_url);
      if (source === '') {
        lost.add('input_image.file_id');
        return [];
      }
      const detail = typeof part.detail === 'string' ? { detail: part.detail } : undefined;
      return [{ type: 'image', source, ...detail }];
    }
    case 'input_file': {
      const name = asText(part.filename);
      const data = asText(part.file_data);
      const source = data === '' ? asText(part.file_url) || asText(part.file_id) : fileDataUrl(data, name);
      if (source === undefined) {
        lost.add('file_data');
        return [];
      }
      return [{ type: 'file', source, ...(name === '' ? undefined : { name }) }];
    }
    case 'input_audio': {
      const { data, format } = isObject(part.input_audio) ? part.input_audio : {};
      return [{ type: 'audio', source: asText(data), ...(typeof format === 'string' ? { format } : undefined) }];
    }
    default:
      if (typeof part.type !== 'string')
        throw invalid(`${path}.type`, `Unknown part ${shown(part.type)}`, 'input_text');
      lost.add(`input.content.${part.type}`);
      return [];
  }
}

function resultOf(id: unknown, output: unknown, path: string, lost: Lost): ToolResultPart {
  const parts = contentParts(typeof output === 'string' ? output : (output ?? ''), `${path}.output`, lost);
  if (parts.some(part => part.type === 'audio')) lost.add('input_audio');
  const media = parts.filter((part): part is ImagePart | FilePart => part.type === 'image' || part.type === 'file');
  return {
    type: 'tool_result',
    id: asText(id),
    ...joinedTexts(parts.flatMap(part => (part.type === 'text' ? [part.text] : []))),
    failed: false,
    ...(media.length === 0 ? undefined : { media }),
  };
}
