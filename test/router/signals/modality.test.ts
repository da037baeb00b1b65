import { describe, expect, test } from 'vitest';
import type { Message } from '#contract/request.js';
import { wantedMedium } from '#router/signals/modality/wanted.js';
import { modality } from '#router/signals/modality.js';
import { message, request } from '../support.js';
import { accepts, problemsOf, readOf } from './build.js';
import { type LabelledPrompt, MODALITY_PROMPTS } from './labelled/modality-prompts.js';

/** How often rules say that something else than text is wanted, and are right, on the prompts at odd places: no rule was made on them. */
function figures(prompts: readonly LabelledPrompt[]): { readonly precision: number; readonly recall: number } {
  let said = 0;
  let right = 0;
  let wanted = 0;
  for (const [medium, prompt] of prompts.filter((_, at) => at % 2 === 1)) {
    const told = wantedMedium(prompt).medium;
    if (medium !== 'text') wanted++;
    if (told !== 'text') said++;
    if (told !== 'text' && told === medium) right++;
  }
  return { precision: right / said, recall: right / wanted };
}

describe('modality', () => {
  test.each([
    ['first', MODALITY_PROMPTS.first, 0.95],
    ['second', MODALITY_PROMPTS.second, 0.7],
  ] as const)('holds on prompts that no rule was made on what docs/signals.md says of it: %s', (_, prompts, bar) => {
    const { precision, recall } = figures(prompts);
    expect(precision).toBeGreaterThanOrEqual(0.95);
    expect(recall).toBeGreaterThanOrEqual(bar);
  });

  test.each([
    ['Draw a fox in the snow', 'image', 0.8],
    ['Generate an image of a fox', 'image', 1],
    ['Erzeuge ein Bild von einem Fuchs', 'image', 1],
    ['What is an image sensor?', 'text', 0],
    ['Write python code that makes an image', 'text', 0],
    ['An oil painting of a mill by a river', 'image', 0.6],
    ['Here is a picture of a mill', 'text', 0],
    ['Generate a title for my video', 'text', 0],
    ['Create a landing page with an image on the left', 'text', 0],
    ['I would like to see a picture of a dodo', 'image', 1],
    ['Generate three variations of my logo', 'image', 1],
    ['Turn this photo into a video', 'video', 1],
    ['Convert this image to a formula', 'text', 0],
    ['Make a music video of rain', 'video', 1],
    ['The paint is dry', 'text', 0],
    ['Thanks!!! Now paint a barn', 'image', 0.8],
    ['Ein Bild von einem Hund malen', 'image', 1],
  ])('%j asks for %s', (prompt, label, score) => {
    expect(readOf(modality, { wanted: ['text', 'image', 'video'] }, prompt)).toMatchObject({
      state: 'true',
      label,
      score,
    });
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
    const media = [{ type: 'file', source: 'data:x' }] as const;
    const result: Message = {
      role: 'tool',
      content: [{ type: 'tool_result', id: '1', text: '', failed: false, media }],
    };
    const brought = { request: request({ messages: [result, message('user', 'what is in it?')] }) };
    expect(readOf(modality, { given: ['file'] }, brought).state).toBe('true');
    expect(readOf(modality, { given: ['image'] }, brought).state).toBe('false');
  });

  test('is not to be configured for nothing, or twice for the same', () => {
    expect(accepts(modality, {})).toBe(false);
    expect(accepts(modality, { wanted: ['smell'] })).toBe(false);
    expect(problemsOf(modality, { wanted: ['image', 'image'] })).toMatchObject([{ code: 'config.duplicate' }]);
  });
});
