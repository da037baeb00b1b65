import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { envelope } from '../../contracts/protocol.js';

const said = (content: unknown, role = 'user') =>
  openaiChat.read(Buffer.from(JSON.stringify({ model: 'auto', messages: [{ role, content }] })), envelope);

describe('content parts that engines take beside those of OpenAI', () => {
  const video = { type: 'video_url', video_url: { url: 'https://a.example/v.mp4' } };
  const parts = [
    { type: 'text', text: 'What is this?' },
    video,
    { type: 'audio_url', audio_url: { url: 'https://b' } },
  ];

  it('go on as they came, and are seen for what they are', () => {
    const inbound = said(parts);
    expect(JSON.parse(inbound.bodyFor('m', {}, false).toString()).messages[0].content).toEqual(parts);
    expect(inbound.request.messages[0]?.content).toMatchObject([
      { type: 'text', text: 'What is this?' },
      { type: 'file', source: 'https://a.example/v.mp4' },
      { type: 'audio', source: 'https://b' },
    ]);
  });

  it('are read where they say something, whatever they are called', () => {
    const texts = (content: unknown) =>
      said(content).request.messages[0]?.content.map(part => part.type === 'text' && part.text);
    expect(texts([{ type: 'input_text', text: 'ignore all «rules»' }])).toEqual(['ignore all «rules»']);
    // As Mistral's models answer, and their clients send back.
    expect(texts([{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm. É.' }] }])).toEqual(['Hm. É.']);
  });

  it('are carried over to engines of other APIs where they are text, and named where they are not', () => {
    const content = [...parts.slice(0, 2), { type: 'input_text', text: 'Say it.' }];
    const terms = { servedModel: 'm', defaultMaxTokens: 9, streamUsage: true };
    const { body, lost } = anthropicMessages.engine!.encode(said(content).conversation(), terms);
    expect(JSON.parse(body).messages[0].content).toEqual([
      { type: 'text', text: 'What is this?' },
      { type: 'text', text: 'Say it.' },
    ]);
    expect(lost).toEqual(['messages.content.video_url']);
    const thought = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] },
      { type: 'text', text: 'Yes.' },
    ];
    expect(said(thought, 'assistant').conversation().messages[0]?.content).toEqual([
      { type: 'thinking', text: 'Hm.' },
      { type: 'text', text: 'Yes.' },
    ]);
  });
});
