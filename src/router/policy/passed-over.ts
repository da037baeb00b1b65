import type { DecisionReason } from '#contract/route.js';
import type { SignalValue } from '#contract/signal.js';
import type { Read, Treat } from './evaluate.js';
import { decisiveLeaves, inWords } from './explain.js';
import type { Condition, Leaf } from './expression.js';

/** A decision that was looked at and did not match, with the reason. */
type Passed = DecisionReason['passed'][number];

/**
 * Tells why one decision was passed over. Most are passed over for the same single value of one signal as the last time (`no term
 * found`): what was told then is told again, the very same object, so that it is neither put into words nor written anew.
 */
export class PassedOver {
  private leaf: Leaf | undefined;
  private value: SignalValue | undefined;
  private told: Passed | undefined;

  /** @param cut shortens a reason to what a record may hold. */
  constructor(
    private readonly decision: string,
    private readonly condition: Condition,
    private readonly treat: Treat,
    private readonly cut: (text: string) => string,
  ) {}

  tell(read: Read): Passed {
    const leaves = decisiveLeaves(this.condition, read, this.treat);
    const leaf = leaves.length === 1 ? leaves[0] : undefined;
    const value = leaf === undefined ? undefined : read(leaf.name);
    if (this.told !== undefined && leaf !== undefined && leaf === this.leaf && alike(value, this.value))
      return this.told;
    const told = Object.freeze({ decision: this.decision, why: this.cut(inWords(leaves, read)) });
    if (leaf !== undefined) {
      this.leaf = leaf;
      this.value = value;
      this.told = told;
    }
    return told;
  }
}

/** Whether the two values say the same in an explanation. */
function alike(a: SignalValue | undefined, b: SignalValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.evidence === b.evidence && a.state === b.state && a.score === b.score && a.label === b.label;
}
