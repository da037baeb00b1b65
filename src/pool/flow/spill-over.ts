/** Marks of a pool's saturation: {@link SpillOver}. */
export interface SpillMarks {
  readonly above: number;
  readonly below: number;
}

/**
 * Whether a pool sends on to wider ones what would fit it, with hysteresis (a Schmitt trigger): it begins when its saturation reaches `above`, ends
 * when that falls under `below`, and between the two goes on as it was, so that load about one mark does not have two pools take turns.
 */
export class SpillOver {
  /** Times that it began. */
  spells = 0;
  private on = false;

  get spilling(): boolean {
    return this.on;
  }

  /** @param saturation requests on replicas and waiting, over places. */
  look(saturation: number, { above, below }: SpillMarks): boolean {
    if (saturation >= above) {
      if (!this.on) this.spells += 1;
      this.on = true;
    } else if (saturation < below) this.on = false;
    return this.on;
  }
}
