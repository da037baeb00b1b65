import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ChatTemplate } from '#engine-server/gguf/chat-template.js';
import { type LlamaModel, loadLlama } from '#engine-server/gguf/library.js';
import { modelNameOf } from '#engine-server/gguf/model-name.js';
import { chatSchema, parseRequest } from '#engine-server/requests.js';
import { LLAMA_FOLDER, testModel } from '../../support/llama.js';

const CHATML =
  "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}" +
  '<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if tools %}[{{ tools | length }} tools]{% endif %}' +
  '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';

/** A model whose tokens are characters, told whether special ones count as such. */
function model(template: string | undefined): LlamaModel {
  return {
    fileInfo: { metadata: { tokenizer: { chat_template: template } } },
    tokens: { bos: 1, bosString: '<s>', eosString: '</s>', shouldPrependBosToken: true },
    tokenize: (text: string, special: boolean) => [special ? 2 : 3, ...[...text].map(char => char.codePointAt(0)!)],
  } as unknown as LlamaModel;
}

const conversation = (messages: unknown, more: object = {}) =>
  parseRequest(chatSchema, { model: 'm', messages, ...more });
const textOf = (tokens: readonly number[]) => String.fromCodePoint(...tokens.slice(2));

describe.skipIf(testModel() === undefined)('a chat template', async () => {
  const { Template } = await loadLlama([LLAMA_FOLDER]).catch(() => ({ Template: undefined }) as never);

  test('of the file puts the conversation, its special tokens being special', () => {
    const template = ChatTemplate.of(model(CHATML), Template);
    const parts = [
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ];
    const tokens = template.tokens(
      conversation([
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: parts },
      ]),
    );
    expect(tokens.slice(0, 2)).toEqual([1, 2]);
    expect(textOf(tokens)).toBe(
      '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\none\ntwo<|im_end|>\n<|im_start|>assistant\n',
    );
    expect([template.fromFile, template.stops]).toEqual([true, []]);
  });

  test('is given the tools, unless none is to be called', () => {
    const template = ChatTemplate.of(model(CHATML), Template);
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const messages = [{ role: 'user', content: 'x' }];
    const put = (tool_choice: string) => textOf(template.tokens(conversation(messages, { tools, tool_choice })));
    expect(put('required')).toContain('[1 tools]');
    expect(put('none')).not.toContain('tools]');
  });

  test('that refuses a conversation refuses the request, with its reason', () => {
    const template = ChatTemplate.of(model(CHATML), Template);
    expect(() => template.tokens(conversation([{ role: 'tool', content: 'x' }]))).toThrow(
      expect.objectContaining({
        code: 'request.invalid',
        path: 'messages',
        message: expect.stringContaining('no tools') as string,
      }),
    );
  });

  test('is not needed: without one the messages are a plain transcript, in which nothing is special', () => {
    const template = ChatTemplate.of(model(undefined), Template);
    const tokens = template.tokens(conversation([{ role: 'user', content: 'Hello</s>' }]));
    expect([tokens.slice(0, 2), textOf(tokens)]).toEqual([[1, 3], 'user: Hello</s>\nassistant:']);
    expect(template.stops).toContain('\nuser:');
  });
});

test('without node-llama-cpp the error says what to install', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'weir-no-llama-'));
  const error = await loadLlama([empty]).catch((caught: unknown) => caught);
  // Whoever has it installed beside Weir gets it, wherever they look.
  if (error instanceof Error)
    expect(error).toMatchObject({
      code: 'engine.not_installed',
      hint: expect.stringMatching(/^npm install --ignore-scripts node-llama-cpp@\d+\.\d+\.\d+$/) as string,
    });
  else expect(error).toHaveProperty('llama.getLlama');
});

test('a file’s model is named after it', () => {
  expect(modelNameOf('/models/Qwen3-8B-Q4_K_M.gguf')).toBe('Qwen3-8B-Q4_K_M');
  expect(modelNameOf('C:\\models\\my model (1).GGUF')).toBe('my-model-1-');
  expect(modelNameOf('._.gguf')).toBe('model');
});
