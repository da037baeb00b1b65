import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { NanoUsd } from '#contract/identity.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { Accounts } from './accounts.js';
import { allowsModel, type Grant } from './grant.js';
import { addRateHeaders, checkTokens, leave } from './limits.js';
import type { Meter, Quote } from './meter.js';
import { patiently } from './patience.js';
import type { Rate } from './rate.js';
import type { Principal } from './roles.js';

/** What a request used, as the engine reported it or, where it reported nothing, as it was estimated. */
export interface Used {
  readonly nanoUsd: NanoUsd;
  readonly promptTokens: Tokens;
  readonly completionTokens: Tokens;
}

const NOTHING: Used = Object.freeze({ nanoUsd: 0, promptTokens: 0, completionTokens: 0 });

/** What is held of an account's token rate: the rate of then, for another may have come in its place, and where in it. */
interface HeldTokens {
  readonly rate: Rate;
  readonly slot: number;
}

const NONE_HELD: readonly (HeldTokens | undefined)[] = [];

/** How limits and budgets are shared with other processes, if they are. */
export interface Sharing {
  readonly clock: Clock;
  readonly counters?: SharedCounters | undefined;
}

/** How soon requests in flight may have given back what they do not use. */
const SOON: Milliseconds = 1000;

/**
 * One request's way through limits and budgets: admitted, authorised for its model, reserved before each attempt that costs more,
 * settled once. Everything is decided in memory, and at once except near a limit that is shared with other processes.
 */
export class Admission {
  private tokensHeld = 0;
  /** By account. */
  private heldTokens = NONE_HELD;
  private meters: Meter[] | undefined;
  private held: number[] | undefined;
  private settled = false;

  constructor(
    readonly grant: Grant,
    private readonly accounts: Accounts,
    private readonly sharing: Sharing,
  ) {}

  get principal(): Principal {
    return this.grant.principal;
  }

  /** Whether anything is limited that must be known before the call: without budgets and token rates a request is only counted. */
  get needsQuote(): boolean {
    const { accounts } = this.grant;
    for (let i = 0; i < accounts.length; i++) {
      if (accounts[i]!.tokens !== undefined || accounts[i]!.meters.length > 0) return true;
    }
    return false;
  }

  /** Whether some budget counts in USD: then the price of a model matters. */
  get hasUsdBudget(): boolean {
    return this.grant.accounts.some(({ meters }) => meters.some(({ budget }) => budget.unit === 'usd'));
  }

  /** @returns `auth.model` unless key, user and team all allow the model. */
  authorise(model: string): WeirError | undefined {
    if (allowsModel(this.grant, model)) return undefined;
    const { principal } = this.grant;
    return new WeirError(
      'auth.model',
      `${principal.name} may not use the model ${JSON.stringify(model.slice(0, 80))}`,
      {
        path: 'model',
        hint: 'a model that GET /v1/models lists',
      },
    );
  }

  /**
   * Holds back what an attempt is expected to use, on every budget and on the token rates, in the place of what was held back for the
   * attempt before. Holds nothing when it refuses. A promise only where other processes may have to give up what they claim.
   */
  reserve(now: Milliseconds, quote: Quote): WeirError | undefined | Promise<WeirError | undefined> {
    this.release(now);
    const { counters, clock } = this.sharing;
    return patiently(counters, clock, () => this.tryReserve(clock.wall(), quote));
  }

  private tryReserve(now: Milliseconds, quote: Quote): WeirError | undefined {
    // Its caller has left in the meantime: nothing would give back what was held for it.
    if (this.settled) return undefined;
    const { accounts } = this.grant;
    const refusal = checkTokens(accounts, now, quote.expectedTokens) ?? this.checkBudgets(now, quote);
    if (refusal !== undefined) return refusal;
    const heldTokens: (HeldTokens | undefined)[] = [];
    for (let i = 0; i < accounts.length; i++) {
      const account = accounts[i]!;
      const { tokens: rate } = account;
      heldTokens.push(rate && { rate, slot: rate.reserve(now, quote.expectedTokens) });
      for (let m = 0; m < account.meters.length; m++) this.hold(now, account.meters[m]!, quote);
    }
    this.heldTokens = heldTokens;
    this.tokensHeld = quote.expectedTokens;
    return undefined;
  }

  private hold(now: Milliseconds, meter: Meter, quote: Quote): void {
    const want = meter.want(quote);
    meter.hold(now, want);
    if (this.meters === undefined || this.held === undefined) {
      this.meters = [meter];
      this.held = [want];
      return;
    }
    this.meters.push(meter);
    this.held.push(want);
  }

  private checkBudgets(now: Milliseconds, quote: Quote): WeirError | undefined {
    const { accounts } = this.grant;
    for (let i = 0; i < accounts.length; i++) {
      const { meters } = accounts[i]!;
      for (let m = 0; m < meters.length; m++) {
        const meter = meters[m]!;
        const want = meter.want(quote);
        const room = meter.room(now, want);
        // A request that costs nothing is refused all the same once a budget is used up: the stop is for the caller.
        if (room < want || room <= 0) return refusalOf(meter, accounts[i]!.label, want, now);
      }
    }
    return undefined;
  }

  /** Counts what was used on every account, gives back what was held, and the place. Only the first call counts. */
  settle(now: Milliseconds, used: Used = NOTHING): void {
    if (this.settled) return;
    this.settled = true;
    this.release(now, used.promptTokens + used.completionTokens);
    const { accounts } = this.grant;
    leave(accounts, now);
    const { nanoUsd, promptTokens, completionTokens } = used;
    const spend = { nanoUsd, promptTokens, completionTokens, requests: 1 };
    for (let i = 0; i < accounts.length; i++) this.accounts.spend(accounts[i]!, now, spend);
  }

  /** Ends a request that never came to be one: its place is given back, and nothing is counted. */
  abandon(now: Milliseconds): void {
    if (this.settled) return;
    this.settled = true;
    this.release(now);
    leave(this.grant.accounts, now);
  }

  /** {@link addCallerHeaders} */
  addHeaders(now: Milliseconds, into: Record<string, number | string | readonly string[] | undefined>): void {
    addCallerHeaders(this.grant, now, into);
  }

  private release(now: Milliseconds, usedTokens = 0): void {
    const { accounts } = this.grant;
    const { tokensHeld, heldTokens } = this;
    if (tokensHeld !== 0 || usedTokens !== 0) {
      for (let i = 0; i < accounts.length; i++) {
        const { tokens } = accounts[i]!;
        const held = heldTokens[i];
        held?.rate.settle(now, held.slot, tokensHeld, usedTokens);
        if (tokens !== held?.rate) tokens?.use(now, usedTokens);
      }
      this.tokensHeld = 0;
      this.heldTokens = NONE_HELD;
    }
    if (this.meters === undefined || this.held === undefined) return;
    for (let i = 0; i < this.meters.length; i++) {
      this.meters[i]!.hold(now, -this.held[i]!);
    }
    this.meters = undefined;
    this.held = undefined;
  }
}

function refusalOf(meter: Meter, owner: string, want: number, now: Milliseconds): WeirError {
  const { window } = meter.budget;
  const spent = meter.spent(now);
  const account = `${meter.show(spent)} of ${meter.show(meter.amount(now))} spent`;
  if (meter.wouldFit(now, want)) {
    const held = `${meter.show(meter.reservedByAll(now))} held for requests in flight`;
    return new WeirError(
      'budget.reserved',
      `The ${windowName(window)} of the ${owner} has no room now: ${account}, ${held}`,
      {
        retryAfterMs: SOON,
      },
    );
  }
  const end = meter.endOf(now);
  const next = Number.isFinite(end) ? `reset at ${new Date(end).toISOString()}` : 'never reset';
  return new WeirError(
    'budget.exhausted',
    `The ${windowName(window)} of the ${owner} has no room for ${meter.show(want)}: ${account}; it is ${next}`,
    Number.isFinite(end) ? { retryAfterMs: end - now } : {},
  );
}

function windowName(window: string): string {
  return window === 'total' ? 'budget' : `budget for the ${window}`;
}

/** What any answer tells its caller, a refusal too: rates, and a budget that runs low. */
export function addCallerHeaders(
  { accounts }: Grant,
  now: Milliseconds,
  into: Record<string, number | string | readonly string[] | undefined>,
): void {
  addRateHeaders(accounts, now, into);
  for (let i = 0; i < accounts.length; i++) {
    const { meters } = accounts[i]!;
    for (let m = 0; m < meters.length; m++) {
      const meter = meters[m]!;
      if (meter.alerted) into['x-weir-budget-alert'] = alertText(meter, now);
    }
  }
}

function alertText(meter: Meter, now: Milliseconds): string {
  const { owner, budget } = meter;
  const share = Math.round((100 * meter.spent(now)) / meter.amount(now));
  // Names of users may hold anything: headers may not.
  const id = owner.id.replace(/[^\x21-\x7e]/g, '?');
  return `${owner.kind}=${id}; window=${budget.window}; spent=${share}%`;
}
