/** What can stand in one {@link Roster}. */
export interface Rostered {
  /** Its place there, for the roster alone: {@link NOWHERE} while it is in none. */
  rosterPlace: number;
}

/** The place of what is in no roster. */
export const NOWHERE = -1;

/**
 * Those that are open now, in no order.
 *
 * A `Set` would do but for garbage: V8 makes it a new table whenever its old one has filled up with what was deleted, and an old table keeps what it had and
 * points to the new one. Once one of them has grown old, all that come after it outlive the young generation, and with each of them the requests
 * that were open at the time, though nobody needs any of it. Here nothing points to who has left.
 */
export class Roster<Member extends Rostered> {
  private readonly members: Member[] = [];

  get size(): number {
    return this.members.length;
  }

  add(member: Member): void {
    if (member.rosterPlace === NOWHERE) member.rosterPlace = this.members.push(member) - 1;
  }

  delete(member: Member): void {
    const { rosterPlace } = member;
    if (rosterPlace === NOWHERE) return;
    const last = this.members.pop();
    if (last !== undefined && last !== member) {
      this.members[rosterPlace] = last;
      last.rosterPlace = rosterPlace;
    }
    member.rosterPlace = NOWHERE;
  }

  /** Shows each that is in now to `see`, which may take out any and add others: who is added meanwhile is not shown. */
  forEach(see: (member: Member) => void): void {
    for (const member of [...this.members]) if (member.rosterPlace !== NOWHERE) see(member);
  }
}
