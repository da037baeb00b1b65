import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PersonalKind } from '#contract/personal-data.js';
import { Masking, unmasking } from '#gateway/privacy/masking.js';
import { Vault } from '#gateway/privacy/vault.js';
import { PersonalData } from '#models/personal-data/finder.js';
import { VirtualClock } from '../../support/virtual-clock.js';

const finder = new PersonalData(() => undefined);
const KINDS: ReadonlySet<PersonalKind> = new Set(['email', 'card', 'phone', 'ip', 'secret', 'iban']);
const LIMITS = { sessions: 4, values: 64, ttlMs: 1000 };

const vaultAt = (clock = new VirtualClock()) => new Vault('a salt of sixteen', LIMITS, clock);
const maskingOf = (session = vaultAt().session('s')) =>
  new Masking(
    session,
    KINDS,
    text => finder.findNow(text),
    kept => kept === 'kept a@b.co',
  );

const value = fc.oneof(
  fc.stringMatching(/^[a-z]{1,8}@[a-z]{2,8}\.(?:com|de)$/),
  fc.constantFrom(
    '4111 1111 1111 1111',
    '+44 20 7946 0958',
    '203.0.113.9',
    'DE89370400440532013000',
    'password: aB3$"x\\y9',
  ),
);
const text = fc
  .array(
    fc.oneof(
      value,
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.constantFrom('[', ']', '[EMAIL_', '[PERSON_abcdefgh]', '\n', ' '),
    ),
    { maxLength: 10 },
  )
  .map(parts => parts.join(' '));
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });

function streamed(masking: Masking, sent: string, sizes: readonly number[], kind: 'text' | 'arguments'): string {
  const guard = unmasking(masking, false).guard('m');
  const block = { key: '0', kind };
  let out = '';
  for (let at = 0, turn = 0; at < sent.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    out += guard.text(block, sent.slice(at, at + size));
    at += size;
  }
  return out + guard.close(block);
}

describe('masking', () => {
  it.each([1, 63, 64, 65, 5000])('finds what arguments hold %i levels deep', levels => {
    const nested = `${'{"a":'.repeat(levels)}"write to ada@example.org"${'}'.repeat(levels)}`;
    const masked = maskingOf().rewrite(nested, 'arguments');
    expect(masked).not.toContain('ada@example.org');
    expect(masked).toMatch(/^(?:\{"a":)+"write to \[EMAIL_\w+\]"\}+$/);
  });

  it('loses nothing in 10,000 streams of random texts cut at random places', () => {
    let masked = 0;
    fc.assert(
      fc.property(text, cuts, (original, sizes) => {
        const masking = maskingOf();
        const sent = masking.rewrite(original, 'text');
        if (sent !== original) masked++;
        expect(streamed(masking, sent, sizes, 'text')).toBe(original);
      }),
      { numRuns: 10_000 },
    );
    expect(masked).toBeGreaterThan(5000);
  });

  it('loses nothing where placeholders have words of their own', () => {
    const words = new Map([
      ['email', 'ABCDEFGHIJKL_ABCDEFGHIJKL'],
      ['card', 'EMAIL'],
    ]);
    const masking = () =>
      new Masking(
        vaultAt().session('s'),
        KINDS,
        one => finder.findNow(one),
        () => false,
        words,
      );
    fc.assert(
      fc.property(text, cuts, (original, sizes) => {
        const own = masking();
        expect(streamed(own, own.rewrite(original, 'text'), sizes, 'text')).toBe(original);
      }),
      { numRuns: 1000 },
    );
    expect(masking().rewrite('4111 1111 1111 1111 a@b.co', 'text')).toMatch(
      /^\[EMAIL_[a-z2-7]{8}\] \[ABCDEFGHIJKL_ABCDEFGHIJKL_[a-z2-7]{8}\]$/,
    );
  });

  it('masks the name of an author as a whole, in letters that a name may have, wherever an answer tells it', () => {
    const masking = maskingOf();
    const name = masking.rewrite('Anna at anna@example.org', 'name');
    expect(name).toMatch(/^EMAIL_[a-z2-7]{8}$/);
    expect(masking.rewrite('planner', 'name')).toBe('planner');
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(name, `[${name}]`, 'EMAIL_', 'E', ' ', '"', '[', 'so')),
        cuts,
        (said, sizes) => {
          const pieces = said.map(piece =>
            piece === name || piece === `[${name}]` ? 'Anna at anna@example.org' : piece,
          );
          expect(streamed(masking, said.join(' '), sizes, 'text')).toBe(pieces.join(' '));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('keeps JSON JSON, and its texts what they were', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), text), cuts, (original, sizes) => {
        const masking = maskingOf();
        const sent = masking.rewrite(JSON.stringify(original), 'arguments');
        expect(JSON.parse(streamed(masking, sent, sizes, 'arguments'))).toEqual(original);
      }),
      { numRuns: 500 },
    );
  });

  it('sends nothing of a value', () => {
    const sent = maskingOf().rewrite('write to ann@example.org or 4111 1111 1111 1111', 'text');
    expect(sent).toMatch(/^write to \[EMAIL_[a-z2-7]{8}\] or \[CARD_[a-z2-7]{8}\]$/);
  });

  it('leaves texts that are to stay, and kinds that are not masked', () => {
    expect(maskingOf().rewrite('kept a@b.co', 'text')).toBe('kept a@b.co');
    expect(maskingOf().rewrite('see https://a.example/x', 'text')).toBe('see https://a.example/x');
  });

  it('gives a value of a conversation one placeholder, and each conversation its own', () => {
    const vault = vaultAt();
    const first = vault.session('s').placeholder('email', 'a@b.co');
    expect(vault.session('s').placeholder('email', 'a@b.co')).toBe(first);
    expect(vault.session('other').placeholder('email', 'a@b.co')).not.toBe(first);
    expect(vault.session('other').value(first)).toBeUndefined();
    expect(
      new Vault('another salt here', LIMITS, new VirtualClock()).session('s').placeholder('email', 'a@b.co'),
    ).not.toBe(first);
  });

  it('puts back values of earlier turns, and leaves what only looks like a placeholder', () => {
    const session = vaultAt().session('s');
    const earlier = session.placeholder('email', 'a@b.co');
    expect(streamed(maskingOf(session), `to ${earlier} and [EMAIL_aaaaaaaa]`, [4], 'text')).toBe(
      'to a@b.co and [EMAIL_aaaaaaaa]',
    );
  });

  it('forgets conversations after a while and beyond its bound, but no value of a request in flight', async () => {
    const clock = new VirtualClock();
    const vault = vaultAt(clock);
    const masking = maskingOf(vault.session('old'));
    const sent = masking.rewrite('a@b.co', 'text');
    clock.advance(1001);
    expect(vault.size).toBe(0);
    expect(streamed(masking, sent, [3], 'text')).toBe('a@b.co');
    for (let at = 0; at < 10; at++) vault.session(`s${at}`);
    expect(vault.size).toBe(LIMITS.sessions);
    const session = vault.session('s9');
    const first = session.placeholder('email', 'first@b.co');
    for (let at = 0; at < LIMITS.values; at++) session.placeholder('email', `${at}@b.co`);
    expect(session.value(first)).toBeUndefined();
  });
});
