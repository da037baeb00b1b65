import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOWHERE, Roster, type Rostered } from '#gateway/roster.js';

class Member implements Rostered {
  rosterPlace = NOWHERE;
  constructor(readonly name: number) {}
}

const shown = (roster: Roster<Member>): number[] => {
  const names: number[] = [];
  roster.forEach(member => {
    names.push(member.name);
  });
  return names.sort((a, b) => a - b);
};

describe('roster', () => {
  it('holds what a set would, whatever comes and goes', () => {
    const change = fc.record({ name: fc.nat(9), comes: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), changes => {
        const members = Array.from({ length: 10 }, (_, name) => new Member(name));
        const roster = new Roster<Member>();
        const model = new Set<number>();
        for (const { name, comes } of changes) {
          const member = members[name];
          if (member === undefined) continue;
          if (comes) roster.add(member);
          else roster.delete(member);
          if (comes) model.add(name);
          else model.delete(name);
          expect(roster.size).toBe(model.size);
          expect(shown(roster)).toEqual([...model].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('shows nobody who was taken out while others are shown, and nobody who came meanwhile', () => {
    const [first, second, third] = [new Member(1), new Member(2), new Member(3)];
    const roster = new Roster<Member>();
    for (const member of [first, second]) roster.add(member);
    const seen: number[] = [];
    roster.forEach(member => {
      seen.push(member.name);
      roster.delete(first);
      roster.delete(second);
      roster.add(third);
    });
    expect(seen).toEqual([1]);
    expect(shown(roster)).toEqual([3]);
  });
});
