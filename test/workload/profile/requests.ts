import type { ContentPart, InferenceRequest, Message, Role, ToolDefinition } from '#contract/request.js';
import { textOf } from '#contract/request.js';

export function said(role: Role, ...content: (string | ContentPart)[]): Message {
  return { role, content: content.map(part => (typeof part === 'string' ? { type: 'text', text: part } : part)) };
}

export function tool(name: string): ToolDefinition {
  return { name, description: `does ${name}`, parameters: { type: 'object', properties: { x: { type: 'string' } } } };
}

export function requestOf(messages: readonly Message[], rest: Partial<InferenceRequest> = {}): InferenceRequest {
  return {
    id: 'req_1',
    arrivedAt: 0,
    model: 'auto',
    messages,
    tools: [],
    sampling: { n: 1, structured: false },
    stream: false,
    caller: { address: '127.0.0.1', headers: {} },
    metadata: {},
    promptBytes: messages.reduce((sum, message) => sum + textOf(message).length, 0),
    ...rest,
  };
}
