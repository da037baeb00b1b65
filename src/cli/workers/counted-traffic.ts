import type { Cancel, Clock } from '#contract/clock.js';
import type { DecisionRecord } from '#contract/record.js';
import type { Milliseconds, Usd } from '#contract/units.js';
import { Tally } from '#telemetry/traffic/tally.js';
import type { TrafficLog, TrafficWindow, WindowName } from '#telemetry/traffic/traffic.js';
import type { SentWindow } from './messages.js';

/** What a worker that is killed can lose of the history. */
const TELL_EVERY: Milliseconds = 1000;

export interface CountedTrafficPorts {
  readonly clock: Clock;
  /** Hands over what was counted since the last time. */
  readonly tell: (tally: string) => Promise<unknown>;
  readonly window: (name: WindowName) => Promise<SentWindow>;
}

/** A worker's part of the traffic: counted here, told to the supervisor every second, who has the one history. */
export class CountedTraffic implements TrafficLog {
  private tally = new Tally(0);
  private timer: Cancel | undefined;

  constructor(private readonly ports: CountedTrafficPorts) {}

  observe(record: DecisionRecord, _now: Milliseconds, baseline: Usd | undefined): void {
    this.tally.observe(record, baseline);
    this.timer ??= this.ports.clock.after(TELL_EVERY, () => this.tell());
  }

  /** Hands over what was not told yet. What does not arrive is told with what follows. */
  tell(): void {
    this.timer?.();
    this.timer = undefined;
    const told = this.take();
    if (told === undefined) return;
    this.ports.tell(told).catch(() => {
      const lost = Tally.read(0, told);
      if (lost !== undefined) this.tally.plus(lost);
    });
  }

  /** What was not told yet, to be told now. */
  take(): string | undefined {
    const { tally } = this;
    if (tally.counts.requests === 0) return undefined;
    this.tally = new Tally(0);
    return JSON.stringify(tally);
  }

  async window(name: WindowName): Promise<TrafficWindow> {
    const { stepMs, from, to, total, points } = await this.ports.window(name);
    const read = (at: Milliseconds, tally: string): Tally => Tally.read(at, tally) ?? new Tally(at);
    return { stepMs, from, to, total: read(from, total), points: points.map(([at, tally]) => read(at, tally)) };
  }
}

/** A window on its way to a worker. */
export function sentWindow({ stepMs, from, to, total, points }: TrafficWindow): SentWindow {
  return {
    stepMs,
    from,
    to,
    total: JSON.stringify(total),
    points: points.map(tally => [tally.at, JSON.stringify(tally)] as const),
  };
}
