import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byForm, type CheckDigits } from '#models/personal-data/defined-forms.js';
import { PersonalData } from '#models/personal-data/finder.js';
import { compiledPattern } from '#router/signals/pattern.js';
import { personalDataFinderContract } from '../../contracts/personal-data-finder.js';

const form = (kind: string, source: string, check?: CheckDigits) =>
  byForm(kind, [compiledPattern(source, true)], check);
const withForms = (...detectors: ReturnType<typeof form>[]) =>
  new PersonalData(() => undefined, { key: String(detectors.length), detectors });

async function found(finder: PersonalData, text: string): Promise<string[]> {
  const { spans } = await finder.find(text);
  return spans.map(({ kind, start, end }) => `${kind}:${text.slice(start, end)}`);
}

const employee = form('employee', '\\bE-\\d{6}\\b');

describe('kinds of one’s own by their form', () => {
  it('are found beside those that come with Weir', async () => {
    expect(await found(withForms(employee), 'E-123456 writes from a@b.co, E-1234567 does not')).toEqual([
      'employee:E-123456',
      'email:a@b.co',
    ]);
  });

  it('come first where they overlap, and what lies beside them is found all the same', async () => {
    const dated = form('case_number', '\\bAZ 2024-01-\\d{2}');
    expect(await found(withForms(dated), 'in AZ 2024-01-17 it says')).toEqual(['case_number:AZ 2024-01-17']);
    const first = form('wide', '\\b4111');
    expect(await found(withForms(first), 'card 4111 1111 1111 1111')).toEqual(['wide:4111', 'card:1111 1111 1111']);
    expect(await found(withForms(form('one', 'ab12'), form('two', 'ab12')), 'ab12')).toEqual(['one:ab12']);
  });

  it('may be more of a kind that comes with Weir', async () => {
    const swedish = form('national_id', '\\b\\d{6}-\\d{4}\\b', 'luhn');
    expect(await found(withForms(swedish), '811218-9876 but not 811218-9877')).toEqual(['national_id:811218-9876']);
  });

  it('have the check digits that they are to have', async () => {
    const digits = fc.stringMatching(/^[0-9A-Z]{6,16}$/);
    await fc.assert(
      fc.asyncProperty(digits, async body => {
        const value = [...`${body}00`].map(char => String(Number.parseInt(char, 36))).join('');
        const check = String(98n - (BigInt(value) % 97n)).padStart(2, '0');
        const wrong = check === '50' ? '51' : '50';
        const finder = withForms(form('member', '\\b[0-9A-Z]{6,16}-\\d{2}\\b', 'mod97'));
        expect(await found(finder, `${body}-${check}`)).toEqual([`member:${body}-${check}`]);
        expect(await found(finder, `${body}-${wrong}`)).not.toContain(`member:${body}-${wrong}`);
      }),
    );
    const luhn = withForms(form('member', '[a-z]{3}\\d{0,4}', 'luhn'));
    expect(await found(luhn, 'abc18 abc19 abc')).toEqual(['member:abc18']);
  });

  it('are found wherever they stand in a long text', async () => {
    const long = form('long', '\\bX[a-z]{1,120}Y\\b');
    const finder = withForms(employee, long);
    const value = fc.oneof(fc.stringMatching(/^E-[0-9]{6}$/), fc.stringMatching(/^X[a-z]{1,120}Y$/));
    const filler = fc.integer({ min: 0, max: 2500 }).map(size => ' so it goes'.repeat(300).slice(0, size));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(filler, value), { minLength: 1, maxLength: 4 }), async parts => {
        const text = parts.map(([before, one]) => `${before} ${one} `).join('');
        const kinds = parts.map(([, one]) => `${one.startsWith('E') ? 'employee' : 'long'}:${one}`);
        expect(await found(finder, text)).toEqual(kinds);
      }),
    );
  });

  it('are looked for anew only where others are asked for', () => {
    const finder = withForms(employee);
    expect(finder.withForms({ key: '1', detectors: [employee] })).toBe(finder);
    const other = finder.withForms({ key: 'other', detectors: [form('badge', '\\bE-\\d{6}\\b')] });
    expect(finder.findNow('E-123456')[0]?.kind).toBe('employee');
    expect(other.findNow('E-123456')[0]?.kind).toBe('badge');
  });
});

personalDataFinderContract('with patterns', () => withForms(employee, form('any_word', '\\b[A-Z][a-z]{1,20}\\b')));
