import { Observed } from '../ui/observed.js';
import { Lane } from './lane.js';

const MOST_LANES = 3;

/** What is on the playground: what is about to be asked, and the lanes that will be asked it. One for the tab. */
class Bench extends Observed {
  lanes: readonly Lane[] = [];
  prompt = '';
  system = '';
  headers = '';
  private count = 0;

  constructor() {
    super();
    this.add('auto');
  }

  get busy(): boolean {
    return this.lanes.some(lane => lane.busy);
  }

  get full(): boolean {
    return this.lanes.length >= MOST_LANES;
  }

  draft(draft: { prompt?: string; system?: string; headers?: string }): void {
    Object.assign(this, draft);
    this.changed();
  }

  /** One more to compare with; it begins with nothing said. */
  add(model: string, api = 'chat'): void {
    const lane = new Lane(++this.count, api, model);
    lane.observe(() => this.changed());
    this.lanes = [...this.lanes, lane];
    this.changed();
  }

  remove(lane: Lane): void {
    lane.stop();
    this.lanes = this.lanes.filter(other => other !== lane);
    this.changed();
  }

  restart(): void {
    for (const lane of this.lanes) lane.clear();
  }

  stop(): void {
    for (const lane of this.lanes) lane.stop();
  }

  /** Asks all lanes at once. What nobody answered comes back to be sent again. */
  async send(headers: Headers): Promise<void> {
    const { prompt } = this;
    this.draft({ prompt: '' });
    const answered = await Promise.all(this.lanes.map(lane => lane.ask(prompt, this.system.trim(), headers)));
    if (!answered.includes(true) && this.prompt === '') this.draft({ prompt });
  }
}

export const bench = new Bench();
