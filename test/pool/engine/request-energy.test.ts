import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { engineProfile } from '#pool/engine/profile.js';
import { requestEnergy } from '#pool/engine/request-energy.js';

const small = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100' });
const large = engineProfile({ model: 'llama-3.1-70b', gpu: 'h100', tp: 4 });
const tokens = fc.integer({ min: 1, max: 8000 });

describe('the energy of a request', () => {
  it('is positive, grows with every token, and shrinks with every cached one', () => {
    fc.assert(
      fc.property(tokens, tokens, tokens, (prompt, cached, output) => {
        const cachedTokens = Math.min(cached, prompt - 1);
        const joules = requestEnergy(small, { promptTokens: prompt, cachedTokens: 0, outputTokens: output });
        expect(joules).toBeGreaterThan(0);
        const longer = requestEnergy(small, { promptTokens: prompt, cachedTokens: 0, outputTokens: output + 1 });
        expect(longer).toBeGreaterThan(joules);
        const warm = requestEnergy(small, { promptTokens: prompt, cachedTokens, outputTokens: output });
        expect(warm).toBeLessThanOrEqual(joules);
      }),
    );
  });

  it('is larger for a larger model on more GPUs', () => {
    const work = { promptTokens: 1000, cachedTokens: 0, outputTokens: 200 };
    expect(requestEnergy(large, work)).toBeGreaterThan(4 * requestEnergy(small, work));
  });
});
