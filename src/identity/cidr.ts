/**
 * IP addresses and networks, compared as the 128 bits of IPv6: IPv4 stands in `::ffff:0:0/96`, where sockets that take both show
 * it, so that `10.1.2.3` and `::ffff:10.1.2.3` are one address.
 */
export type AddressBits = bigint;

const IPV4_BASE = 0xffff_0000_0000n;
const ALL_BITS = 128;

/** The bits of an address; `undefined` for what is none. Zone ids (`fe80::1%eth0`) and brackets are taken off. */
export function parseAddress(text: string): AddressBits | undefined {
  if (text.length > 64) return undefined;
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const zone = bare.indexOf('%');
  const address = zone < 0 ? bare : bare.slice(0, zone);
  return address.includes(':') ? parseV6(address) : mapped(parseV4(address));
}

function mapped(v4: bigint | undefined): AddressBits | undefined {
  return v4 === undefined ? undefined : IPV4_BASE | v4;
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let bits = 0n;
  for (const part of parts) {
    // Octal and hexadecimal spellings are read differently by different programs: they are no address here.
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bits = (bits << 8n) | BigInt(part);
  }
  return bits;
}

function parseV6(text: string): bigint | undefined {
  let head = text;
  let tail: readonly string[] = [];
  const last = text.lastIndexOf(':');
  if (text.includes('.', last)) {
    const v4 = parseV4(text.slice(last + 1));
    if (v4 === undefined) return undefined;
    head = `${text.slice(0, last + 1)}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  }
  const halves = head.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves[0] === '' ? [] : halves[0]!.split(':');
  if (halves.length === 2) tail = halves[1] === '' ? [] : halves[1]!.split(':');
  const missing = 8 - groups.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let bits = 0n;
  for (const group of [...groups, ...new Array<string>(Math.max(0, missing)).fill('0'), ...tail]) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    bits = (bits << 16n) | BigInt(`0x${group}`);
  }
  return bits;
}

interface Network {
  readonly bits: AddressBits;
  readonly shift: bigint;
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; `undefined` for what is none of these. */
export function parseCidr(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const bits = parseAddress(address);
  if (bits === undefined) return undefined;
  const width = address.includes(':') ? ALL_BITS : 32;
  let length = width;
  if (slash >= 0) {
    const suffix = text.slice(slash + 1);
    if (!/^(?:0|[1-9]\d{0,2})$/.test(suffix) || Number(suffix) > width) return undefined;
    length = Number(suffix);
  }
  const shift = BigInt(width - length);
  return { bits: bits >> shift, shift };
}

/** Answers kept per set: addresses come again and again. */
const MAX_KNOWN = 1024;

/** A set of networks. */
export class CidrSet {
  private readonly networks: readonly Network[];
  private readonly known = new Map<string, boolean>();

  /** @param cidrs in the form that {@link parseCidr} reads; others match nothing. */
  constructor(cidrs: readonly string[]) {
    this.networks = cidrs.flatMap(cidr => parseCidr(cidr) ?? []);
  }

  /** Whether an address lies in one of the networks; false for what is no address. */
  has(address: string): boolean {
    const before = this.known.get(address);
    if (before !== undefined) return before;
    const bits = parseAddress(address);
    const found = bits !== undefined && this.networks.some(network => bits >> network.shift === network.bits);
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(address, found);
    return found;
  }
}
