import { WeirError } from '#contract/errors.js';
import type { ChatRequest } from '#engine-server/requests.js';
import type { JinjaTemplate, LlamaModel, LlamaModules, Token } from './library.js';

/** Turns a conversation into the text that the model was trained to continue. */
export class ChatTemplate {
  private constructor(
    private readonly template: JinjaTemplate | undefined,
    private readonly model: LlamaModel,
  ) {}

  /**
   * The template in the file, or, where there is none, a plain transcript: a line `role: text` for each message.
   *
   * @throws the template's syntax error.
   */
  static of(model: LlamaModel, Template: LlamaModules['Template']): ChatTemplate {
    const text = templateText(model.fileInfo.metadata);
    return new ChatTemplate(text === undefined ? undefined : new Template(text), model);
  }

  get fromFile(): boolean {
    return this.template !== undefined;
  }

  /** Texts at which an answer ends beside those that the request names. */
  get stops(): readonly string[] {
    return this.fromFile ? [] : ['\nuser:', '\nsystem:'];
  }

  /** @throws WeirError `request.invalid` when a message has what is not text, or the template refuses the conversation. */
  tokens({ messages, tools, tool_choice: choice }: ChatRequest): Token[] {
    const plain = messages.map((message, at) => ({ ...message, content: textOf(message.content, at) }));
    if (this.template === undefined) {
      const lines = plain.map(({ role, content }) => `${role}: ${content ?? ''}\n`);
      return this.withStart(this.model.tokenize(`${lines.join('')}assistant:`, false));
    }
    const { bosString, eosString } = this.model.tokens;
    try {
      const text = this.template.render({
        ...{ messages: plain, add_generation_prompt: true, bos_token: bosString ?? '', eos_token: eosString ?? '' },
        ...(tools && tools.length > 0 && choice !== 'none' ? { tools } : undefined),
      });
      return this.withStart(this.model.tokenize(text, true));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `The model's chat template does not take these messages: ${reason.slice(0, 500)}`;
      throw new WeirError('request.invalid', message, { path: 'messages', cause });
    }
  }

  /** Tokens behind the one that the model wants at the start, unless it stands there already. */
  withStart(tokens: Token[]): Token[] {
    const { bos, shouldPrependBosToken } = this.model.tokens;
    return bos !== null && shouldPrependBosToken && tokens[0] !== bos ? [bos, ...tokens] : tokens;
  }
}

function textOf(content: ChatRequest['messages'][number]['content'], message: number): string | null {
  if (content === null || content === undefined) return null;
  if (typeof content === 'string') return content;
  return content
    .map((part, at) => {
      if (part.type === 'text' && typeof part.text === 'string') return part.text;
      const path = `messages.${message}.content.${at}`;
      throw new WeirError('request.invalid', `This engine reads text only, not ${part.type.slice(0, 50)}.`, { path });
    })
    .join('\n');
}

/** `tokenizer.chat_template` of the file's metadata. */
function templateText(metadata: unknown): string | undefined {
  const tokenizer = isRecord(metadata) ? metadata.tokenizer : undefined;
  const text = isRecord(tokenizer) ? tokenizer.chat_template : undefined;
  return typeof text === 'string' && text.trim() !== '' ? text : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
