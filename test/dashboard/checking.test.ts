import { describe, expect, it } from 'vitest';
import { Checking, type Subject } from '../../dashboard/configuration/checking.js';
import { drafted, draftOf, isEdited, isStale } from '../../dashboard/configuration/draft.js';
import { VirtualClock } from '../support/virtual-clock.js';

/** Checks that are answered when the test says so, in any order. */
function checked() {
  const clock = new VirtualClock(0);
  const asked: { subject: Subject; answer: (text: string) => void; fail: (error: unknown) => void }[] = [];
  const checking = new Checking<string>({
    // As an answer that was on its way already when it was called off: the signal is not heeded.
    check: subject => new Promise((answer, fail) => asked.push({ subject, answer, fail })),
    passing: error => error === 'away',
    after: (ms, task) => clock.after(ms, task),
    changed: () => {},
  });
  const want = (text: string, version = 'v1') => checking.want({ text, version });
  const told = (text: string, version = 'v1') => checking.answerTo({ text, version });
  const settled = () => new Promise(resolve => setImmediate(resolve));
  return { clock, asked, checking, want, told, settled };
}

describe('the check of what is being written', () => {
  it('is of the last text, once typing has come to rest', () => {
    const { clock, asked, want } = checked();
    for (const text of ['a', 'ab', 'abc']) {
      want(text);
      clock.advance(100);
    }
    expect(asked).toEqual([]);
    clock.advance(300);
    expect(asked.map(({ subject }) => subject.text)).toEqual(['abc']);
  });

  it('takes no answer to another text for its own, in whatever order they come', async () => {
    const { clock, asked, want, told, settled } = checked();
    want('one');
    clock.advance(400);
    want('two');
    clock.advance(400);
    asked[1]?.answer('of two');
    await settled();
    asked[0]?.answer('of one');
    await settled();
    expect([told('one'), told('two')]).toEqual([undefined, 'of two']);
  });

  it('is not put off by being asked for again, and made anew when something else is in force', async () => {
    const { clock, asked, want, told, settled } = checked();
    want('one');
    clock.advance(399);
    want('one');
    clock.advance(1);
    expect(asked).toHaveLength(1);
    want('one', 'v2');
    asked[0]?.answer('against v1');
    await settled();
    expect(told('one', 'v2')).toBeUndefined();
    clock.advance(400);
    asked[1]?.answer('against v2');
    await settled();
    expect(told('one', 'v2')).toBe('against v2');
  });

  it('comes after a failure too: of another text, of the same one, of what was left and taken up again', async () => {
    const { clock, asked, checking, want, told, settled } = checked();
    want('one');
    clock.advance(400);
    asked[0]?.fail('away');
    await settled();
    expect(checking.error).toBe('away');
    clock.advance(2000);
    asked[1]?.answer('of one');
    await settled();
    expect([told('one'), checking.error]).toEqual(['of one', undefined]);
    want('two');
    clock.advance(400);
    want('three');
    asked[2]?.fail('away');
    await settled();
    clock.advance(400);
    asked[3]?.fail('refused');
    await settled();
    clock.advance(10_000);
    expect(asked).toHaveLength(4);
    checking.want(undefined);
    want('three');
    clock.advance(400);
    asked[4]?.answer('of three');
    await settled();
    expect(told('three')).toBe('of three');
    checking.stop();
    expect(clock.pending).toBe(0);
  });
});

describe('a draft', () => {
  const read = (version: string, text = `text of ${version}`) => ({ version, text });
  const typed = (text: string) => ({ kind: 'typed', text }) as const;
  const found = (version: string, text?: string) => ({ kind: 'read', latest: read(version, text) }) as const;
  const draftAfter = (...events: Parameters<typeof drafted>[1][]) => events.reduce(drafted, draftOf(read('v1')));

  it('follows what is in force until something is written', () => {
    const draft = draftAfter(found('v2'));
    expect([draft.text, isEdited(draft), isStale(draft)]).toEqual(['text of v2', false, false]);
  });

  it('is kept when somebody else is faster, until its writer chooses', () => {
    const draft = draftAfter(typed('mine'), found('v2'));
    expect([draft.text, isStale(draft)]).toEqual(['mine', true]);
    const mine = drafted(draft, { kind: 'mine' });
    expect([mine.text, mine.base.version, isEdited(mine), isStale(mine)]).toEqual(['mine', 'v2', true, false]);
    const theirs = drafted(draft, { kind: 'theirs' });
    expect([theirs.text, theirs.base.version, isEdited(theirs)]).toEqual(['text of v2', 'v2', false]);
    const third = drafted(mine, found('v3'));
    expect(isStale(third)).toBe(true);
  });

  it('is stale no more when what it was made of is back, or is what others have written', () => {
    expect(isStale(draftAfter(typed('mine'), found('v2'), found('v1')))).toBe(false);
    const same = draftAfter(typed('the same'), found('v2', 'the same'));
    expect([isStale(same), isEdited(same)]).toEqual([false, false]);
  });

  it('goes on from what was put in force of it, though that is shown otherwise and more was typed meanwhile', () => {
    const applied = draftAfter(typed('key: secret'), { kind: 'applied', as: read('v2', 'key: secret') });
    expect([isEdited(applied), isStale(applied)]).toEqual([false, false]);
    expect(drafted(applied, found('v2', 'key: mark')).text).toBe('key: mark');
    const more = [applied]
      .map(draft => drafted(draft, typed('key: secret, more')))
      .map(d => drafted(d, found('v2', 'key: mark')));
    expect([more[0]?.text, isStale(more[0]!)]).toEqual(['key: secret, more', false]);
  });
});
