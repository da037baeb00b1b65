import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PersonalKind } from '#contract/personal-data.js';
import { luhn } from '#models/personal-data/card.js';
import { DETECTORS, openPersonalData, PersonalData } from '#models/personal-data/finder.js';
import { personalDataFinderContract } from '../../contracts/personal-data-finder.js';

const patterns = new PersonalData(() => undefined);
const all = openPersonalData();

function found(text: string, finder = patterns): string[] {
  return finder.findNow(text).map(({ kind, start, end }) => `${kind}:${text.slice(start, end)}`);
}

describe('identifiers by their form', () => {
  it.each<[PersonalKind, string, string]>([
    ['email', 'mail ann.o’b+x@mail.example.co.uk, please', 'b+x@mail.example.co.uk'],
    ['email', 'jürgen@müller.de', 'jürgen@müller.de'],
    ['iban', 'to DE89 3704 0044 0532 0130 00 today', 'DE89 3704 0044 0532 0130 00'],
    ['iban', 'gb82west12345698765432', 'gb82west12345698765432'],
    ['card', 'pay with 4111-1111-1111-1111.', '4111-1111-1111-1111'],
    ['card', 'Amex 3782 822463 10005', '3782 822463 10005'],
    ['ip', 'from 203.0.113.9:8080', '203.0.113.9'],
    ['ip', 'ping 2001:db8::8a2e:370:7334 now', '2001:db8::8a2e:370:7334'],
    ['mac', 'eth0 00:1A:2b:3c:4D:5e up', '00:1A:2b:3c:4D:5e'],
    ['mac', 'port 001a.2b3c.4d5e', '001a.2b3c.4d5e'],
    ['national_id', 'SSN 078-05-1120', '078-05-1120'],
    ['national_id', 'my ssn is 078051120', '078051120'],
    ['national_id', 'NINO AB 12 34 56 C', 'AB 12 34 56 C'],
    ['national_id', 'DNI 12345678Z', '12345678Z'],
    ['national_id', 'CPF 111.444.777-35', '111.444.777-35'],
    ['national_id', 'RSSMRA85T10A562S', 'RSSMRA85T10A562S'],
    ['national_id', 'Aadhaar 2341 2341 2346', '2341 2341 2346'],
    ['phone', 'ring +44 20 7946 0958', '+44 20 7946 0958'],
    ['phone', 'or (212) 555-0147', '(212) 555-0147'],
    ['phone', 'my mobile: 06 12 34 56 78', '06 12 34 56 78'],
    ['phone', 'Telefon 0171 1234567', '0171 1234567'],
    ['secret', 'key AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
    ['secret', 'password: hunter2!X', 'hunter2!X'],
    [
      'secret',
      `-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----`,
      '-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----',
    ],
    ['url', 'see https://example.org/a?b=1.', 'https://example.org/a?b=1'],
    ['date', 'born on 12 March 1984 here', '12 March 1984'],
    ['date', 'at 2007-01-17 23:08:55.', '2007-01-17 23:08:55'],
    ['date', 'since 1999', '1999'],
  ])('finds %s in %j', (kind, text, value) => {
    expect(found(text)).toEqual([`${kind}:${value}`]);
  });

  it.each([
    ['a card with a wrong check digit', '4111111111111112'],
    ['an account with a wrong check', 'DE89370400440532013001'],
    ['a number that is too long', '41111111111111111111111'],
    ['a version', 'version 1.2.3 and 10.0'],
    ['loopback', '127.0.0.1 and ::1'],
    ['a slice', 'b[::2]'],
    ['a time', 'at 12:34:56'],
    ['an area that no social security number has', '000-12-3456 and 666-12-3456'],
    ['a table of numbers', '0.22 0.206 0.244 2.25 1.23 0.109 and 0 25 50 75 100'],
    ['a date that no calendar has', '99/99/1999'],
    ['a password that is described', 'password is required, token = $TOKEN'],
    ['an at sign', 'meet @ noon, a@b, @user'],
    ['a wrong letter', 'DNI 12345678A'],
  ])('does not take %s for one', (_, text) => {
    expect(found(text)).toEqual([]);
  });

  it('knows valid cards from others by one digit', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^4\d{14}$/), fc.integer({ min: 1, max: 9 }), (body, change) => {
        const check = [...'0123456789'].find(digit => luhn(body + digit))!;
        const wrong = String((Number(check) + change) % 10);
        expect(found(`x ${body}${check} y`)).toContain(`card:${body}${check}`);
        expect(found(`x ${body}${wrong} y`).filter(one => one.startsWith('card'))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('gives ordered spans that lie in the text and not over one another, whatever it holds', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.constantFrom(
        '4111 1111 1111 1111',
        'a@b.co',
        '+1 212 555 0147',
        '::ffff',
        'DE89',
        ' 10.1.1.1',
        '-----BEGIN ',
        '2020-01-01',
        '((((',
        '00:11:',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        const text = pieces.join('');
        let at = 0;
        for (const { start, end } of all.findNow(text)) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          at = end;
        }
        expect(at).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 300 },
    );
  });

  it('finds in a long text what it finds in its lines', async () => {
    const lines = Array.from({ length: 400 }, (_, at) => `line ${at}: nothing here. mail user${at}@example.org\n`);
    const spans = (await patterns.find(lines.join(''))).spans;
    expect(spans.filter(({ kind }) => kind === 'email')).toHaveLength(400);
    expect(spans).toEqual(patterns.findNow(lines.join('')));
  });

  it('lets others have their turn between many short texts, and keeps nobody waiting for those it knows', async () => {
    const finder = new PersonalData(() => undefined);
    const texts = Array.from({ length: 50 }, (_, at) => `${at}: ${'nothing here '.repeat(75)} user${at}@example.org`);
    const turnsOf = async () => {
      let turns = 0;
      let over = false;
      const turn = (): void => {
        turns++;
        if (!over) setImmediate(turn);
      };
      setImmediate(turn);
      for (const text of texts) expect((await finder.find(text)).spans).toHaveLength(1);
      over = true;
      return turns;
    };
    expect(await turnsOf()).toBeGreaterThan(10);
    expect(await turnsOf()).toBe(0);
    expect(finder.find(texts[0]!)).not.toBeInstanceOf(Promise);
  });

  it('has one detector a kind', () => {
    expect(new Set(DETECTORS.map(({ kind }) => kind)).size).toBe(DETECTORS.length);
  });
});

describe('names', () => {
  it('finds people, places, organisations and addresses', () => {
    expect(found('My name is Anna Kowalska and I live in Lisbon.', all)).toEqual([
      'person:Anna Kowalska',
      'place:Lisbon',
    ]);
    expect(found('Please call Thomas Berger from Siemens.', all)).toEqual([
      'person:Thomas Berger',
      'organization:Siemens',
    ]);
    expect(found('Send it to 12 Baker Street.', all)).toEqual(['address:12 Baker Street']);
  });

  it('finds none in ordinary requests', () => {
    for (const text of [
      'How do I sort a list in Python?',
      'I want to change the limit of my card.',
      'What Is The Best Way To Learn Programming?',
    ]) {
      expect(found(text, all)).toEqual([]);
    }
  });
});

personalDataFinderContract('without a model', openPersonalData);
