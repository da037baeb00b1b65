import { describe, expect, it } from 'vitest';
import { looksEnglish } from '#router/signals/english.js';

describe('English by its function words', () => {
  it.each([
    'Can you tell me how the river is shared among the farms?',
    'WHAT WOULD HAPPEN IF THE GATES WERE NOT CLOSED',
    "I don't think that this is what they want",
  ])('%s', text => {
    expect(looksEnglish(text)).toBe(true);
  });

  it.each([
    'Bonjour, pouvez-vous me dire comment la rivière est partagée ?',
    'Wie wird das Wasser des Flusses unter den Höfen geteilt?',
    'Kan du fortelle meg hvordan elven deles mellom gårdene?',
    '¿Cómo se reparte el agua del río entre las granjas?',
    'const x = await fetch(url)',
    '水はどのように分けられますか',
    'the',
    '',
  ])('not %s', text => {
    expect(looksEnglish(text)).toBe(false);
  });
});
