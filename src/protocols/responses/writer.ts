import type { ToolForm } from '#contract/request.js';
import type { Json } from '#protocols/json.js';
import { type Answer, AnswerBuilder, type AnswerEvent, type AnswerPart } from '#protocols/neutral/answer.js';
import type { ToolForms } from '#protocols/neutral/custom-tools.js';
import type { AnswerHead, AnswerWriter } from '#protocols/protocol.js';
import { sseText } from '#protocols/sse.js';
import { itemId, outputItem, responseHead, textJson } from './output.js';
import { responsesUsage, statusOf } from './terms.js';

type Open = Extract<AnswerEvent, { kind: 'open' }>;

/** Writes answers of other engines as Responses. Each block of an answer is one item of its output. */
export class ResponsesWriter implements AnswerWriter {
  /** Events written so far: each carries its number. */
  events = 0;
  final: string | undefined;
  private readonly built = new AnswerBuilder();
  private readonly opened: Open[] = [];
  private begun = false;

  constructor(
    private readonly head: AnswerHead,
    private readonly request: Json,
    private readonly forms: ToolForms,
  ) {}

  whole(answer: Answer): string {
    return JSON.stringify(this.response(answer));
  }

  event(event: AnswerEvent): string {
    this.built.add(event);
    // The head waits for the first block: until something is said, another replica may take over.
    const head = this.begun ? '' : this.start();
    switch (event.kind) {
      case 'open':
        this.opened[event.block] = event;
        return head + this.open(event);
      case 'delta':
        return head + this.delta(event.block, event.text);
      case 'close':
        return head + this.close(event.block);
      case 'end': {
        const response = this.response(this.built.answer);
        this.final = JSON.stringify(response);
        return head + this.say(`response.${response.status}`, { response });
      }
    }
  }

  private start(): string {
    this.begun = true;
    const started = { status: 'in_progress', incomplete_details: null, output: [], usage: null };
    const response = { ...responseHead(this.head, this.request), ...started };
    return this.say('response.created', { response }) + this.say('response.in_progress', { response });
  }

  private open(event: Open): string {
    const { block, part } = event;
    const added = this.say('response.output_item.added', { output_index: block, item: this.unfinished(event) });
    if (part === 'tool_call') return added;
    if (part === 'thinking') {
      const empty = { summary_index: 0, part: { type: 'summary_text', text: '' } };
      return added + this.say('response.reasoning_summary_part.added', { ...this.place(block), ...empty });
    }
    const empty = { content_index: 0, part: textJson(part, '') };
    return added + this.say('response.content_part.added', { ...this.place(block), ...empty });
  }

  private unfinished(event: Open): Json {
    const id = this.idOf(event.block);
    const status = 'in_progress';
    if (event.part === 'thinking') return { id, type: 'reasoning', summary: [], encrypted_content: null };
    if (event.part !== 'tool_call') return { id, type: 'message', status, role: 'assistant', content: [] };
    const { id: call_id, name } = event.call;
    switch (this.formOf(event)) {
      case 'custom':
        return { id, type: 'custom_tool_call', status, call_id, name, input: '' };
      case 'local_shell':
        return { id, type: 'local_shell_call', status, call_id, action: { type: 'exec', command: [], env: {} } };
      default:
        return { id, type: 'function_call', status, call_id, name, arguments: '' };
    }
  }

  private delta(block: number, delta: string): string {
    const open = this.opened[block];
    if (open === undefined) return '';
    switch (open.part) {
      case 'text':
        return this.say('response.output_text.delta', { ...this.place(block), content_index: 0, delta, logprobs: [] });
      case 'refusal':
        return this.say('response.refusal.delta', { ...this.place(block), content_index: 0, delta });
      case 'thinking':
        return this.say('response.reasoning_summary_text.delta', { ...this.place(block), summary_index: 0, delta });
      default:
        // Free text and commands are known only when their JSON is whole.
        return this.formOf(open) === 'function'
          ? this.say('response.function_call_arguments.delta', { ...this.place(block), delta })
          : '';
    }
  }

  private close(block: number): string {
    const open = this.opened[block];
    const part = this.built.answer.parts[block];
    if (open === undefined || part === undefined) return '';
    const item = outputItem(part, block, this.head, this.forms);
    return this.donePart(block, part, item) + this.say('response.output_item.done', { output_index: block, item });
  }

  private donePart(block: number, part: AnswerPart, item: Json): string {
    const place = this.place(block);
    switch (part.type) {
      case 'text': {
        const done = this.say('response.output_text.done', {
          ...place,
          content_index: 0,
          text: part.text,
          logprobs: [],
        });
        return (
          done +
          this.say('response.content_part.done', { ...place, content_index: 0, part: textJson('text', part.text) })
        );
      }
      case 'refusal': {
        const done = this.say('response.refusal.done', { ...place, content_index: 0, refusal: part.text });
        return (
          done +
          this.say('response.content_part.done', { ...place, content_index: 0, part: textJson('refusal', part.text) })
        );
      }
      case 'thinking': {
        const done = this.say('response.reasoning_summary_text.done', { ...place, summary_index: 0, text: part.text });
        const whole = { summary_index: 0, part: { type: 'summary_text', text: part.text } };
        return done + this.say('response.reasoning_summary_part.done', { ...place, ...whole });
      }
      case 'tool_call':
        if (item.type === 'function_call') {
          const { name, arguments: args } = part;
          return this.say('response.function_call_arguments.done', { ...place, name, arguments: args });
        }
        if (item.type !== 'custom_tool_call') return '';
        return (
          this.say('response.custom_tool_call_input.delta', { ...place, delta: item.input }) +
          this.say('response.custom_tool_call_input.done', { ...place, input: item.input })
        );
    }
  }

  private response({ parts, finish, usage }: Answer): Json & { readonly status: string } {
    return {
      ...responseHead(this.head, this.request),
      ...statusOf(finish),
      output: parts.map((part, index) => outputItem(part, index, this.head, this.forms)),
      usage: usage === undefined ? null : responsesUsage(usage),
    };
  }

  private place(block: number): Json {
    return { item_id: this.idOf(block), output_index: block };
  }

  private idOf(block: number): string {
    const open = this.opened[block];
    if (open === undefined) return itemId('msg', this.head, block);
    if (open.part === 'thinking') return itemId('rs', this.head, block);
    if (open.part !== 'tool_call') return itemId('msg', this.head, block);
    return itemId(CALL_KINDS[this.formOf(open)], this.head, block);
  }

  private formOf(open: Open): ToolForm {
    return open.part === 'tool_call' ? (this.forms.get(open.call.name) ?? open.call.form ?? 'function') : 'function';
  }

  private say(type: string, data: Json): string {
    return sseText(type, { type, sequence_number: this.events++, ...data });
  }
}

const CALL_KINDS = { function: 'fc', custom: 'ctc', local_shell: 'lsh' } as const;
