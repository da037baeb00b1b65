import { describe, expect, test } from 'vitest';
import { type LearnedModels, NO_MODELS, type Verdict } from '#contract/learned.js';
import type { Message } from '#contract/request.js';
import { wantedMedium } from '#router/signals/modality/wanted.js';
import { modality } from '#router/signals/modality.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { message, profile, request } from '../support.js';
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

describe('modality by a head', () => {
  const LABELS = ['audio', 'image', 'text', 'video'];
  const asked: string[] = [];
  const said = ([audio, image, text, video]: readonly [number, number, number, number]): LearnedModels => ({
    ...NO_MODELS,
    head: name => ({
      labels: LABELS,
      languages: ['en'],
      prepare: () => Promise.resolve(),
      classify(prompt, { whenBusy }): Verdict {
        asked.push(name, prompt, whenBusy);
        const probabilities = Float32Array.of(audio, image, text, video);
        const best = probabilities.indexOf(Math.max(...probabilities));
        return { probabilities, best, sure: true, tier: 'model' };
      },
    }),
  });
  const value = (options: object, learned: LearnedModels, given: Parameters<typeof request>[0]) => {
    const built = modality.build('it', modality.schema.parse(options), { clock: new VirtualClock(), learned });
    return built.evaluate({ request: request(given), profile: profile() });
  };
  const logo = 'Our rowing club is in need of a crest with two crossed oars.';
  const picture = said([0.01, 0.8, 0.18, 0.01]);

  test.each([
    [{ wanted: ['image'], by: 'learned' }, 'true', 0.8],
    [{ wanted: ['image', 'video'], by: 'learned', above: 0.8 }, 'true', 0.81],
    [{ wanted: ['image'], by: 'learned', above: 0.9 }, 'unknown', 0.8],
    [{ wanted: ['text'], by: 'learned' }, 'false', 0.18],
    [{ wanted: ['text'], by: 'both', above: 0.1 }, 'true', 0.18],
    [{ wanted: ['text'], by: 'both', above: 0.2, below: 0.15 }, 'unknown', 0.18],
  ])('%o of a request that rules say nothing of is %s', (options, state, score) => {
    expect(value(options, picture, logo)).toEqual({
      state,
      score,
      label: 'image',
      tier: 'model',
      evidence: 'image 0.80',
    });
  });

  test('rules alone hear nothing of a head, as before there was one', () => {
    asked.length = 0;
    expect(value({ wanted: ['image'] }, picture, logo)).toEqual({
      state: 'false',
      score: 0,
      label: 'text',
      evidence: 'text',
    });
    expect(asked).toEqual([]);
  });

  test('both: a rule moves the head, and its words are the evidence', async () => {
    const torn = said([0.01, 0.45, 0.53, 0.01]);
    const drawn = 'Draw a map of the harbour';
    expect(await value({ wanted: ['image'], by: 'learned' }, torn, drawn)).toMatchObject({
      label: 'text',
      state: 'unknown',
    });
    expect(await value({ wanted: ['image'], by: 'both' }, torn, drawn)).toMatchObject({
      label: 'image',
      state: 'true',
      evidence: expect.stringMatching(/^image 0\.86 by .*Draw/),
    });
  });

  test('in a language that the head does not know only a rule speaks', async () => {
    const [ruled, plain] = [
      "Génère une image d'un chat qui joue du piano",
      'Il faudrait quelque chose pour la vitrine de notre magasin',
    ];
    for (const by of ['learned', 'both']) {
      expect(await value({ wanted: ['image'], by }, picture, plain)).toMatchObject({
        state: 'unknown',
        evidence: 'in fr, which this head does not know',
      });
    }
    expect(await value({ wanted: ['image'], by: 'learned' }, picture, ruled)).toMatchObject({ state: 'unknown' });
    expect(await value({ wanted: ['image'], by: 'both' }, picture, ruled)).toMatchObject({
      state: 'true',
      label: 'image',
      score: 0.8772,
      tier: 'fast',
    });
  });

  test('asks no head of a request without what is to be given with it', () => {
    asked.length = 0;
    const options = { wanted: ['image'], given: ['image'], by: 'learned', when_busy: 'wait' };
    expect(value(options, picture, logo)).toEqual({ state: 'false', score: 0, evidence: 'no image given' });
    expect(asked).toEqual([]);
    const image: Message = { role: 'user', content: [{ type: 'image', source: 'data:x' }] };
    expect(value(options, picture, { messages: [image, message('user', logo)] })).toMatchObject({ state: 'true' });
    expect(asked).toEqual(['modality', logo, 'wait']);
  });

  test('is not to be configured for a head that has nothing to tell, or where none is asked', () => {
    expect(problemsOf(modality, { given: ['image'], by: 'learned' })).toMatchObject([
      { code: 'config.invalid', path: ['by'] },
    ]);
    expect(problemsOf(modality, { wanted: ['image'], below: 0.2, when_busy: 'wait' })).toMatchObject([
      { path: ['below'] },
      { path: ['when_busy'] },
    ]);
    expect(problemsOf(modality, { wanted: ['image'], by: 'both', above: 0.2, below: 0.4 })).toMatchObject([
      { code: 'config.range' },
    ]);
    expect(problemsOf(modality, { wanted: ['image'], by: 'both', below: 0.2, when_busy: 'wait' })).toEqual([]);
  });
});
