import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Random, seededRandom } from '#contract/random.js';
import { CircuitBreaker } from '#pool/topology/breaker.js';

const SETTINGS = {
  failures: 3,
  error_share: 0.5,
  least_requests: 10,
  window: 30_000,
  open_for: 1000,
  open_at_most: 8000,
};

/** No jitter: draws nothing but 0. */
const STILL: Random = { next: () => 0, below: () => 0, exponential: () => 0, fork: () => STILL };

const breakerOf = (random = STILL) => new CircuitBreaker(SETTINGS, random);

function openAt(breaker: CircuitBreaker, now: number): void {
  for (let i = 0; i < SETTINGS.failures; i++) breaker.failed(breaker.begin(now), now);
}

describe('the circuit breaker', () => {
  test('opens after so many failures in a row, and a success in between starts the count again', () => {
    const breaker = breakerOf();
    breaker.failed(breaker.begin(0), 0);
    breaker.failed(breaker.begin(0), 0);
    breaker.passed(breaker.begin(0), 0);
    breaker.failed(breaker.begin(0), 0);
    breaker.failed(breaker.begin(0), 0);
    expect(breaker.state(0)).toBe('closed');
    breaker.failed(breaker.begin(0), 0);
    expect(breaker.state(0)).toBe('open');
    expect(breaker.allows(999)).toBe(false);
    expect(breaker.opensIn(400)).toBe(600);
  });

  test('opens on the share of errors in the window, but not on a few requests', () => {
    const breaker = breakerOf();
    for (let i = 0; i < 4; i++) {
      breaker.failed(breaker.begin(0), 0);
      breaker.passed(breaker.begin(0), 0);
    }
    expect(breaker.closed).toBe(true);
    breaker.passed(breaker.begin(0), 0);
    breaker.failed(breaker.begin(0), 0);
    expect(breaker.closed).toBe(false);
  });

  test('forgets errors that have left the window', () => {
    const breaker = breakerOf();
    for (let i = 0; i < 5; i++) {
      breaker.failed(breaker.begin(0), 0);
      breaker.passed(breaker.begin(0), 0);
    }
    const later = 40_000;
    for (let i = 0; i < 9; i++) breaker.passed(breaker.begin(later), later);
    breaker.failed(breaker.begin(later), later);
    expect(breaker.requests(later)).toBe(10);
    expect(breaker.failures(later)).toBe(1);
    expect(breaker.closed).toBe(true);
  });

  test('half-open lets exactly one through, whose success closes it', () => {
    const breaker = breakerOf();
    openAt(breaker, 0);
    expect(breaker.state(1000)).toBe('half-open');
    expect(breaker.allows(1000)).toBe(true);
    const trial = breaker.begin(1000);
    expect(breaker.allows(1000)).toBe(false);
    expect(breaker.begin(1000)).toBe(-1);
    breaker.answering(trial, 1100);
    expect(breaker.state(1100)).toBe('closed');
  });

  test('a failed trial opens it for twice as long, up to the most', () => {
    const breaker = breakerOf();
    openAt(breaker, 0);
    let now = 0;
    const spans: number[] = [];
    for (let i = 0; i < 6; i++) {
      spans.push(breaker.opensIn(now));
      now += breaker.opensIn(now);
      breaker.failed(breaker.begin(now), now);
    }
    expect(spans).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
  });

  test('opens for the first time again after it stayed closed for longer than it was open', () => {
    const breaker = breakerOf();
    openAt(breaker, 0);
    breaker.failed(breaker.begin(1000), 1000);
    breaker.passed(breaker.begin(3000), 3000);
    openAt(breaker, 3500);
    expect(breaker.opensIn(3500)).toBe(4000);
    breaker.passed(breaker.begin(7500), 7500);
    openAt(breaker, 12_000);
    expect(breaker.opensIn(12_000)).toBe(1000);
  });

  test('a trial that says nothing leaves its place to another', () => {
    const breaker = breakerOf();
    openAt(breaker, 0);
    const trial = breaker.begin(1000);
    breaker.abandoned(trial);
    expect(breaker.allows(1000)).toBe(true);
    expect(breaker.state(1000)).toBe('half-open');
  });

  test('requests from before an opening change nothing', () => {
    const breaker = breakerOf();
    const old = breaker.begin(0);
    openAt(breaker, 0);
    breaker.passed(old, 500);
    breaker.answering(old, 500);
    expect(breaker.state(500)).toBe('open');
    const trial = breaker.begin(1000);
    breaker.abandoned(old);
    expect(breaker.allows(1000)).toBe(false);
    breaker.failed(old, 1000);
    expect(breaker.state(1000)).toBe('half-open');
    breaker.passed(trial, 1000);
    expect(breaker.closed).toBe(true);
  });

  test('jitter only shortens, by at most a fifth', () => {
    fc.assert(
      fc.property(fc.integer(), seed => {
        const breaker = breakerOf(seededRandom(seed));
        openAt(breaker, 0);
        const span = breaker.opensIn(0);
        return span > 800 - 1e-9 && span <= 1000;
      }),
    );
  });

  test('behaves as the reference under any history', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3000 }) }),
      fc.record({ kind: fc.constant('begin' as const) }),
      fc.record({
        kind: fc.constantFrom('passed' as const, 'failed' as const, 'abandoned' as const, 'answering' as const),
        which: fc.nat({ max: 5 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), history => {
        const breaker = new CircuitBreaker({ ...SETTINGS, least_requests: 1000 }, STILL);
        const reference = new Reference();
        const open: { ticket: number; mark: number }[] = [];
        let now = 0;
        for (const step of history) {
          if (step.kind === 'wait') now += step.ms;
          else if (step.kind === 'begin') {
            expect(breaker.allows(now)).toBe(reference.allows(now));
            if (breaker.allows(now)) open.push({ ticket: breaker.begin(now), mark: reference.begin() });
          } else {
            const held = open[step.which];
            if (held === undefined) continue;
            if (step.kind !== 'answering') open.splice(step.which, 1);
            if (step.kind === 'abandoned') breaker.abandoned(held.ticket);
            else breaker[step.kind](held.ticket, now);
            reference[step.kind](held.mark, now);
          }
          expect(breaker.state(now)).toBe(reference.state(now));
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** The rules, written down once more with era numbers and plain lists: what the breaker must agree with. */
class Reference {
  private era = 0;
  private readonly eras: number[] = [];
  private phase: 'closed' | 'open' = 'closed';
  private trialOf: number | undefined;
  private until = 0;
  private row = 0;
  private level = 0;
  private span = 0;
  private closedAt = 0;

  state(now: number) {
    if (this.phase === 'closed') return 'closed';
    return now < this.until ? 'open' : 'half-open';
  }

  allows(now: number): boolean {
    return this.phase === 'closed' || (now >= this.until && this.trialOf === undefined);
  }

  begin(): number {
    const mark = this.eras.push(this.era) - 1;
    if (this.phase === 'open') this.trialOf = mark;
    return mark;
  }

  answering(mark: number, now: number): void {
    if (mark === this.trialOf) this.shut(mark, now);
  }

  passed(mark: number, now: number): void {
    if (mark === this.trialOf) this.shut(mark, now);
    if (this.phase === 'closed' && this.eras[mark] === this.era) this.row = 0;
  }

  failed(mark: number, now: number): void {
    if (mark === this.trialOf) this.open(now);
    else if (this.phase === 'closed' && this.eras[mark] === this.era) {
      this.row += 1;
      if (this.row === SETTINGS.failures) {
        if (now - this.closedAt > this.span) this.level = 0;
        this.open(now);
      }
    }
  }

  abandoned(mark: number): void {
    if (mark === this.trialOf) this.trialOf = undefined;
  }

  private shut(mark: number, now: number): void {
    this.phase = 'closed';
    this.trialOf = undefined;
    this.row = 0;
    this.closedAt = now;
    this.era += 1;
    this.eras[mark] = this.era;
  }

  private open(now: number): void {
    this.span = Math.min(SETTINGS.open_at_most, SETTINGS.open_for * 2 ** this.level);
    this.until = now + this.span;
    this.level += 1;
    this.phase = 'open';
    this.trialOf = undefined;
    this.era += 1;
  }
}
