import { describe, expect, test } from 'vitest';
import { findingsOf } from '#models/text-findings.js';

describe('places in a text', () => {
  test('of a long answer are looked for in turns, between which others have theirs', async () => {
    const find = findingsOf('grounding');
    const context = 'The tower is 330 metres high. It was built in 1889. '.repeat(200);
    const against = { context, question: 'How high is it?' };
    let turns = 0;
    let over = false;
    const others = (): void => {
      turns++;
      if (!over) setImmediate(others);
    };
    setImmediate(others);
    const { label, spans } = await find('The tower is 330 metres high. Walt Disney owns it. '.repeat(400), against);
    over = true;
    expect([label, spans.filter(({ type }) => type === 'sentence').length]).toEqual(['ungrounded', 400]);
    expect(turns).toBeGreaterThan(50);
  });

  test('are held against the context that they came with, whatever was asked before', async () => {
    const find = findingsOf('grounding');
    const said = 'Walt Disney owns the tower.';
    const one = await find(said, { context: 'The tower is high. It stands in Paris since 1889.', question: '' });
    const other = await find(said, { context: 'Walt Disney owns the tower since he bought it.', question: '' });
    expect([one.label, other.label]).toEqual(['ungrounded', 'grounded']);
  });

  test('of personal data: each kind has the score of its surest, and the surest kind is the label', async () => {
    const { label, scores } = await findingsOf('pii')('Anna Smith and Bob Jones write to anna@example.org.', {
      context: '',
      question: '',
    });
    expect([label, Object.keys(scores), scores.email]).toEqual(['email', ['email', 'person'], 1]);
  });
});
