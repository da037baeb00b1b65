import { describe, expect, it } from 'vitest';
import { termsOf } from '#gateway/exchange/engine-terms.js';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { Translation } from '#protocols/translation.js';
import { envelope, head } from '../../contracts/protocol.js';

const asked = (url: string) => {
  const body = { model: 'm', max_tokens: 9, top_k: 40, messages: [{ role: 'user', content: 'hi' }] };
  const inbound = anthropicMessages.read(Buffer.from(JSON.stringify(body)), envelope);
  const terms = termsOf({ url, servedModel: 'served' }, { maxTokens: 4096, streamUsage: true });
  const { body: sent, lost } = new Translation(inbound, openaiChat, terms, {}, head);
  return { sent: JSON.parse(sent.toString()), lost };
};

describe('what an engine is asked with', () => {
  it.each([
    'https://api.openai.com',
    'https://eu.api.openai.com',
    'https://API.OpenAI.com:443',
    'https://mine.openai.azure.com/openai',
    'https://api.mistral.ai',
    'https://api.groq.com/openai',
  ])('is what OpenAI has, and no more, for %s, which refuses all else', url => {
    const { sent, lost } = asked(url);
    expect(sent).toMatchObject({ model: 'served' });
    expect(sent).not.toHaveProperty('top_k');
    expect(lost).toEqual(['top_k']);
  });

  it.each([
    'http://10.0.0.1:8000',
    'https://vllm.example/api.openai.com',
    'https://api.openai.com.example',
    'https://notapi.openai.com.mine:8000/v1',
    'https://my-api.mistral.ai.local',
    'https://openrouter.ai/api',
  ])('has top_k for %s', url => {
    expect(asked(url)).toMatchObject({ sent: { top_k: 40 }, lost: [] });
  });
});
