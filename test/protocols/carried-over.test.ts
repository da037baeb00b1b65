import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import type { Protocol } from '#protocols/protocol.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { Translation } from '#protocols/translation.js';
import { envelope, head } from '../contracts/protocol.js';

const terms = { servedModel: 'm', defaultMaxTokens: 4096, streamUsage: true };

function sent(client: Protocol, engine: Protocol, body: object) {
  const inbound = client.read(Buffer.from(JSON.stringify({ model: 'm', ...body })), envelope);
  const { body: bytes, lost } = new Translation(inbound, engine, terms, {}, head);
  return { body: JSON.parse(bytes.toString()), lost };
}
const asking = (...content: object[]) => ({ max_tokens: 99, messages: [{ role: 'user', content }] });

describe('what one API says and another says otherwise', () => {
  it.each([openaiChat, anthropicMessages])('thoughts that are only to be summed up ask $name for no effort', engine => {
    const { body, lost } = sent(openaiResponses, engine, { input: 'hi', reasoning: { summary: 'auto' } });
    expect(body).not.toHaveProperty('reasoning_effort');
    expect(body).not.toHaveProperty('thinking');
    expect(lost).toEqual([]);
  });

  it.each([
    [{ type: 'text', media_type: 'text/plain', data: 'It fell.' }],
    [{ type: 'content', content: [{ type: 'text', text: 'It fell.' }] }],
  ])('a document of %o keeps its title and what is said about it', source => {
    const document = { type: 'document', title: 'Rain', context: 'Of 1846.', source };
    for (const engine of [openaiChat, openaiResponses]) {
      const { body, lost } = sent(anthropicMessages, engine, asking(document));
      expect(JSON.stringify(body)).toMatch(/Rain.*Of 1846\..*It fell\./);
      expect(lost).toEqual([]);
    }
  });

  it('a mark for the prompt cache on a document in parts is named as lost', () => {
    const source = { type: 'content', content: [{ type: 'text', text: 'It fell.' }] };
    const document = { type: 'document', source, cache_control: { type: 'ephemeral' } };
    expect(sent(anthropicMessages, openaiChat, asking(document)).lost).toEqual(['cache_control']);
  });

  describe('a file that came as base64 alone', () => {
    const PDF = Buffer.from('%PDF-1.7 rain').toString('base64');
    const TEXT = Buffer.from('Wäre es').toString('base64');
    const fromChat = (file: object) => asking({ type: 'file', file });
    const fromResponses = (file: object) => ({ input: [{ role: 'user', content: [{ type: 'input_file', ...file }] }] });
    const CLIENTS = [
      [openaiChat, openaiResponses, fromChat],
      [openaiResponses, openaiChat, fromResponses],
    ] as const;

    it.each(CLIENTS)('is a file for engines of other APIs, from $name', (client, other, body) => {
      for (const [file, type] of [
        [{ file_data: PDF }, 'application/pdf'],
        [{ filename: 'a.pdf', file_data: 'AAAA\nBBBB' }, 'application/pdf'],
        [{ filename: 'a.txt', file_data: TEXT }, 'text/plain'],
        [{ filename: 'a.docx', file_data: 'AAAA' }, 'application/octet-stream'],
      ] as const) {
        const url = `data:${type};base64,${file.file_data.replace('\n', '')}`;
        const carried = sent(client, other, body(file));
        expect(JSON.stringify(carried.body)).toContain(`"file_data":"${url}"`);
        expect(JSON.stringify(carried.body)).not.toContain('file_id');
        expect(carried.lost).toEqual([]);
      }
    });

    it.each(CLIENTS)('is a document for Anthropic, from $name', (client, _, body) => {
      const shown = (file: object) => sent(client, anthropicMessages, body(file)).body.messages[0].content[0];
      expect(shown({ file_data: PDF })).toEqual({
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: PDF },
      });
      expect(shown({ filename: 'a.txt', file_data: TEXT }).source.data).toBe('Wäre es');
    });

    it.each(CLIENTS)(
      'stays what it is as a URL or an id, and what is no file is named as lost, from $name',
      (client, other, body) => {
        expect(JSON.stringify(sent(client, other, body({ file_id: 'file-1' })).body)).toContain('"file_id":"file-1"');
        expect(
          JSON.stringify(sent(client, anthropicMessages, body({ file_data: 'https://a.example/b.pdf' })).body),
        ).toContain('"url":"https://a.example/b.pdf"');
        const { body: asked, lost } = sent(client, other, body({ file_data: 'Rain, {as it falls}.', file_id: '' }));
        expect(JSON.stringify(asked)).not.toMatch(/file_id|as it falls/);
        expect(lost).toEqual(['file_data']);
      },
    );
  });

  it('a search result is text, in a message and in what a tool gave', () => {
    const found = {
      type: 'search_result',
      title: 'Rain',
      source: 'https://a.example',
      content: [{ type: 'text', text: 'It fell.' }],
    };
    const call = { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: {} }] };
    const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: [found] }] };
    for (const messages of [asking(found).messages, [{ role: 'user', content: 'hi' }, call, result]]) {
      for (const engine of [openaiChat, openaiResponses]) {
        const { body, lost } = sent(anthropicMessages, engine, { max_tokens: 99, messages });
        expect(JSON.stringify(body)).toMatch(/Rain.*https:\/\/a\.example.*It fell\./);
        expect(lost).toEqual([]);
      }
    }
  });

  it('a file of text is a document of text to Anthropic, which takes no other as base64 than PDF', () => {
    const file = (type: string) => ({
      type: 'file',
      file: { filename: 'a', file_data: `data:${type};base64,${Buffer.from('Wäre es').toString('base64')}` },
    });
    const messages = [
      { role: 'user', content: [file('text/plain'), file('text/markdown;charset=utf-8'), file('application/pdf')] },
    ];
    const [plain, marked, pdf] = sent(openaiChat, anthropicMessages, { messages }).body.messages[0].content;
    for (const one of [plain, marked])
      expect(one).toMatchObject({
        type: 'document',
        source: { type: 'text', media_type: 'text/plain', data: 'Wäre es' },
      });
    expect(pdf.source).toMatchObject({ type: 'base64', media_type: 'application/pdf' });
  });
});
