import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callerOf, headRules, readHead } from '#gateway/caller.js';
import { gatewaySchema } from '#gateway/schema.js';
import { CidrSet } from '#identity/cidr.js';

const rules = (trusted_proxies: string[] = []) => headRules(gatewaySchema.parse({ trusted_proxies }));
const request = (peer: string, ...headers: [string, string][]) =>
  ({ rawHeaders: headers.flat(), socket: { remoteAddress: peer } }) as unknown as IncomingMessage;

const PROXIES = ['10.0.0.0/8', 'fd00::/8'];
const identityNames = ['x-weir-user', 'X-Weir-Team', 'x-weir-role', 'X-Forwarded-For', 'forwarded', 'x-real-ip'];
const anyHeader = fc.tuple(fc.constantFrom(...identityNames), fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()));

describe('the head of a request', () => {
  it('from anyone but a trusted proxy says nothing of who it is', () => {
    const outside = fc.oneof(fc.ipV4(), fc.ipV6()).filter(peer => !new CidrSet(PROXIES).has(peer));
    fc.assert(
      fc.property(outside, fc.array(anyHeader, { maxLength: 8 }), fc.boolean(), (peer, headers, configured) => {
        const head = readHead(request(peer, ...headers, ['x-tier', 'gold']), rules(configured ? PROXIES : []));
        expect(head.address).toBe(peer);
        expect(head.claimed).toBeUndefined();
        expect({ ...head.headers }).toEqual({ 'x-tier': 'gold' });
        expect(callerOf(head).user).toBeUndefined();
      }),
    );
  });

  it('from a trusted proxy says the nearest address that is none, whatever the client wrote to its left', () => {
    const outside = fc.ipV4().filter(address => !address.startsWith('10.'));
    const inside = fc.constantFrom('10.1.1.1', '10.255.0.9', 'fd00::7', '::ffff:10.0.0.3');
    fc.assert(
      fc.property(fc.string(), outside, fc.array(inside, { maxLength: 3 }), inside, (forged, client, hops, peer) => {
        const chain = [forged, client, ...hops].join(', ');
        expect(readHead(request(peer, ['x-forwarded-for', chain]), rules(PROXIES)).address).toBe(client);
      }),
    );
  });

  it('keeps to what it knows where the chain is broken, and reads ports', () => {
    const from = (chain: string) => readHead(request('10.0.0.1', ['x-forwarded-for', chain]), rules(PROXIES)).address;
    expect(from('1.2.3.4, unknown, 10.0.0.2')).toBe('10.0.0.2');
    expect(from('')).toBe('10.0.0.1');
    expect(from('1.2.3.4:555')).toBe('1.2.3.4');
    expect(from('[2001:db8::1]:555')).toBe('2001:db8::1');
  });

  it('names the user when the proxy says so once; said twice, neither is believed', () => {
    const head = readHead(request('10.0.0.1', ['X-Weir-User', 'ada'], ['x-weir-team', 't']), rules(PROXIES));
    expect(head.claimed).toEqual({ user: 'ada', team: 't' });
    expect(callerOf(head)).toMatchObject({ user: 'ada' });
    const twice = readHead(request('10.0.0.1', ['x-weir-user', 'admin'], ['x-weir-user', 'ada']), rules(PROXIES));
    expect(twice.claimed?.user).toBeUndefined();
    const thrice = readHead(
      request('10.0.0.1', ['x-weir-user', 'a'], ['x-weir-user', 'b'], ['x-weir-user', 'c']),
      rules(PROXIES),
    );
    expect(thrice.claimed?.user).toBeUndefined();
  });

  it('shows credentials to nobody but who checks them', () => {
    const head = readHead(
      request('1.2.3.4', ['Authorization', 'Bearer one'], ['x-api-key', 'two'], ['cookie', 'three'], ['x-a', 'b']),
      rules(),
    );
    expect(head.credential).toBe('Bearer one');
    expect({ ...head.headers }).toEqual({ 'x-a': 'b' });
    expect(JSON.stringify(callerOf(head))).not.toMatch(/one|two|three/);
  });
});
