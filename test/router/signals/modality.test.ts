import { describe, expect, test } from 'vitest';
import type { Message } from '#contract/request.js';
import { wantedMedium } from '#router/signals/modality/wanted.js';
import { modality } from '#router/signals/modality.js';
import { message, request } from '../support.js';
import { accepts, problemsOf, readOf } from './build.js';
import { MODALITY_PROMPTS } from './labelled/modality-prompts.js';

/** How often rules say that something else than text is wanted, and are right, on the prompts at even or odd places. */
function figures(place: 0 | 1): { readonly precision: number; readonly recall: number; readonly prompts: number } {
  const prompts = MODALITY_PROMPTS.filter((_, at) => at % 2 === place);
  let said = 0;
  let right = 0;
  let wanted = 0;
  for (const [medium, prompt] of prompts) {
    const told = wantedMedium(prompt).medium;
    if (medium !== 'text') wanted++;
    if (told !== 'text') said++;
    if (told !== 'text' && told === medium) right++;
  }
  return { precision: right / said, recall: right / wanted, prompts: prompts.length };
}

describe('modality', () => {
  test('holds on prompts that no rule was made on what docs/signals.md says of it', () => {
    const { precision, recall, prompts } = figures(1);
    expect(prompts).toBeGreaterThanOrEqual(60);
    expect(precision).toBeGreaterThanOrEqual(0.8);
    expect(recall).toBeGreaterThanOrEqual(0.6);
  });

  test.each([
    ['Draw a fox in the snow', 'image', 0.8],
    ['Generate an image of a fox', 'image', 1],
    ['Erzeuge ein Bild von einem Fuchs', 'image', 1],
    ['What is an image sensor?', 'text', 0],
    ['Write python code that makes an image', 'text', 0],
  ])('%j asks for %s', (prompt, label, score) => {
    expect(readOf(modality, { wanted: ['text', 'image'] }, prompt)).toMatchObject({ state: 'true', label, score });
  });

  test('sees what came with the request, wherever it stands', () => {
    const image: Message = { role: 'user', content: [{ type: 'image', source: 'data:x' }] };
    const given = { request: request({ messages: [image, message('user', 'what is on it?')] }) };
    expect(readOf(modality, { given: ['image'] }, given).state).toBe('true');
    expect(readOf(modality, { given: ['audio'] }, given)).toMatchObject({
      state: 'false',
      evidence: 'text, no audio given',
    });
    expect(readOf(modality, { given: ['image'], wanted: ['image'] }, given).state).toBe('false');
  });

  test('is not to be configured for nothing, or twice for the same', () => {
    expect(accepts(modality, {})).toBe(false);
    expect(accepts(modality, { wanted: ['smell'] })).toBe(false);
    expect(problemsOf(modality, { wanted: ['image', 'image'] })).toMatchObject([{ code: 'config.duplicate' }]);
  });
});
