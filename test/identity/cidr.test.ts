import { BlockList, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressGuard } from '#identity/address-guard.js';
import { CidrSet, parseAddress, parseCidr } from '#identity/cidr.js';

describe('addresses and networks', () => {
  it('say the same as the machine does', () => {
    const v4 = fc.ipV4();
    const v6 = fc.ipV6();
    fc.assert(
      fc.property(fc.oneof(v4, v6), fc.oneof(v4, v6), fc.nat(128), (network, address, length) => {
        const family = isIPv4(network) ? 'ipv4' : 'ipv6';
        const bits = family === 'ipv4' ? length % 33 : length;
        // Node puts IPv4-mapped addresses into IPv4 networks too; across families the two forms are one here as well.
        fc.pre(isIPv4(address) === isIPv4(network));
        const list = new BlockList();
        list.addSubnet(network, bits, family);
        return new CidrSet([`${network}/${bits}`]).has(address) === list.check(address, family);
      }),
      { numRuns: 2000 },
    );
  });

  it('take an IPv4 address in IPv6 clothes for what it is', () => {
    expect(parseAddress('::ffff:10.1.2.3')).toBe(parseAddress('10.1.2.3'));
    expect(parseAddress('::ffff:a01:203')).toBe(parseAddress('10.1.2.3'));
    expect(parseAddress('[fe80::1%eth0]')).toBe(parseAddress('fe80::1'));
    expect(new CidrSet(['10.0.0.0/8']).has('::ffff:10.1.2.3')).toBe(true);
  });

  it.each([
    '',
    '10.0.0',
    '010.0.0.1',
    '0x7f.1.1.1',
    '1.2.3.256',
    '1::2::3',
    ':::',
    '1:2:3:4:5:6:7:8:9',
    'g::',
    '::1.2.3',
  ])('know that %j is none', text => expect(parseAddress(text)).toBeUndefined());
  it.each(['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/', '::/129', 'x/8', '10.0.0.0/08'])(
    'know that %j is no network',
    text => expect(parseCidr(text)).toBeUndefined(),
  );
  it('never throw, whatever they are given', () => {
    fc.assert(
      fc.property(fc.string(), text => void [parseAddress(text), parseCidr(text), new CidrSet([text]).has(text)]),
    );
  });
});

describe('the guard against calls to the inside', () => {
  const guard = new AddressGuard();
  it.each([
    'http://example.com/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[fd00:ec2::254]/',
    'https://169.254.169.254/latest',
    'https://10.0.0.1/',
    'https://100.100.100.200/',
    'https://0/',
    'https://localhost/',
    'https://api.localhost./',
    'https://metadata.google.internal/',
    'https://printer.local/',
    'https://user:pass@example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'no url',
  ])('blocks %s', url => {
    expect(() => guard.checkUrl(url, 'x')).toThrow(expect.objectContaining({ code: 'network.blocked' }));
  });

  it('lets public hosts through, and networks that are allowed', () => {
    expect(guard.checkUrl('https://example.com/keys', 'x').pathname).toBe('/keys');
    expect(guard.checkUrl('https://8.8.8.8/', 'x').hostname).toBe('8.8.8.8');
    const inside = new AddressGuard(['10.0.0.0/8']);
    expect(inside.checkUrl('http://10.2.3.4/', 'x').hostname).toBe('10.2.3.4');
    expect(() => inside.checkUrl('http://127.0.0.1/', 'x')).toThrow();
  });

  it('never lets anyone where clouds keep credentials, whatever is allowed', () => {
    const wide = new AddressGuard(['0.0.0.0/0', '::/0']);
    const engines = AddressGuard.forEngines();
    for (const address of [
      ...['169.254.169.254', '::ffff:169.254.169.254', '64:ff9b::169.254.169.254', '2002:a9fe:a9fe::1', 'fe80::1'],
      ...['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '192.0.0.192', '168.63.129.16'],
    ])
      expect([address, wide.allows(address), engines.allows(address)]).toEqual([address, false, false]);
    expect(['127.0.0.1', '10.1.2.3', '::1', 'fd12::1', '8.8.8.8'].filter(address => !engines.allows(address))).toEqual(
      [],
    );
    expect(() => engines.checkResolved('metadata.example', ['10.0.0.1', '169.254.169.254'], 'url')).toThrow();
  });

  it('looks at every address that a name resolves to', () => {
    expect(() => guard.checkResolved('a.example', ['93.184.216.34', '10.0.0.1'])).toThrow('10.0.0.1');
    expect(() => guard.checkResolved('a.example', [])).toThrow('nothing');
    expect(guard.checkResolved('a.example', ['93.184.216.34', '2606:2800:220:1::1'])).toBeUndefined();
  });
});
