import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demandsMail } from '#gateway/privacy/mail-form.js';
import { Masking, unmasking } from '#gateway/privacy/masking.js';
import { Vault } from '#gateway/privacy/vault.js';
import { PersonalData } from '#models/personal-data/finder.js';
import { VirtualClock } from '../../support/virtual-clock.js';

const finder = new PersonalData(() => undefined);
const vault = new Vault('a salt of sixteen', { sessions: 4, values: 64, ttlMs: 1000 }, new VirtualClock());
const masking = () =>
  new Masking(
    vault.session('s'),
    new Set(['email', 'phone']),
    text => finder.findNow(text),
    () => false,
    new Map(),
    true,
  );
const TEXT = 'Write to ada@example.org or bob@example.net, else call +44 20 7946 0958.';

describe('addresses where a schema demands them', () => {
  it('have placeholders that the strictest readers take for addresses', () => {
    const masked = masking().rewrite(TEXT, 'text');
    expect(masked).toMatch(
      /^Write to email_[a-z2-7]{8}@masked\.invalid or email_[a-z2-7]{8}@masked\.invalid, else call \[PHONE_[a-z2-7]{8}\]\.$/,
    );
  });

  it('come back, however the answer is cut, beside what only looks like one', () => {
    const near = fc.constantFrom(
      'e',
      'email_',
      'email_abc',
      'email_abcdefgh@',
      'email_abcdefgh@masked.invalid',
      'me@',
      '@',
    );
    fc.assert(
      fc.property(
        fc.array(near, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (nears, sizes) => {
          const one = masking();
          const sent = [one.rewrite(TEXT, 'text'), ...nears, one.rewrite('ada@example.org', 'text')].join(' ');
          const guard = unmasking(one, false).guard('m');
          const block = { key: '0', kind: 'text' } as const;
          let out = '';
          for (let at = 0, turn = 0; at < sent.length; turn++) {
            const size = sizes[turn % sizes.length]!;
            out += guard.text(block, sent.slice(at, at + size));
            at += size;
          }
          expect(out + guard.close(block)).toBe([TEXT, ...nears, 'ada@example.org'].join(' '));
        },
      ),
    );
  });

  it('are demanded by a schema of the answer, and by one of a tool that has them', () => {
    const free = { n: 1, structured: false };
    const tool = (parameters: unknown) => ({ name: 'mail', description: '', parameters });
    const to = { type: 'object', properties: { to: { type: 'array', items: { type: 'string', format: 'email' } } } };
    expect(demandsMail({ sampling: { n: 1, structured: true }, tools: [] })).toBe(true);
    expect(demandsMail({ sampling: free, tools: [tool(to)] })).toBe(true);
    expect(demandsMail({ sampling: free, tools: [tool({ type: 'object' }), tool(undefined)] })).toBe(false);
  });
});
