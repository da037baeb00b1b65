import { ApiError } from '../api/client.js';
import type { Preview } from '../story/preview.js';
import { Observed } from '../ui/observed.js';
import { ask, type Message } from './apis/api.js';
import { apiNamed } from './apis/apis.js';
import { LiveSpeed } from './live-speed.js';

export interface Note {
  readonly text: string;
  readonly bad: boolean;
}

/** One question and what came of it. */
export interface Turn {
  readonly asked: string;
  readonly answer: string;
  readonly thoughts: string;
  readonly note: Note | undefined;
}

/** How far the last request has come, for its story. */
export type Progress =
  | { readonly stage: 'none' | 'sent' | 'nameless' }
  | { readonly stage: 'begun'; readonly preview: Preview }
  | { readonly stage: 'ended'; readonly id: string; readonly preview: Preview };

const SPEED_EVERY_MS = 100;

/** One conversation with one model over one API. It lives beside the page: who looks elsewhere meanwhile loses nothing. */
export class Lane extends Observed {
  turns: readonly Turn[] = [];
  progress: Progress = { stage: 'none' };
  speed = '';
  private running: AbortController | undefined;

  constructor(
    readonly id: number,
    public api: string,
    public model: string,
  ) {
    super();
  }

  get busy(): boolean {
    return this.running !== undefined;
  }

  choose(choice: { api?: string; model?: string }): void {
    this.api = choice.api ?? this.api;
    this.model = choice.model ?? this.model;
    this.changed();
  }

  stop(): void {
    this.running?.abort();
  }

  clear(): void {
    this.stop();
    this.turns = [];
    this.speed = '';
    this.progress = { stage: 'none' };
    this.changed();
  }

  /** @returns whether anything was answered. */
  async ask(prompt: string, system: string, headers: Headers): Promise<boolean> {
    const before = this.turns;
    const controller = new AbortController();
    this.running = controller;
    this.progress = { stage: 'sent' };
    const speed = new LiveSpeed();
    let turn: Turn = { asked: prompt, answer: '', thoughts: '', note: undefined };
    let begun: Preview | undefined;
    // A conversation begun anew in the meantime has nothing to do with this answer.
    const current = (): boolean => this.running === controller && this.turns.length > 0;
    const show = (change: Partial<Turn>): void => {
      turn = { ...turn, ...change };
      if (!current()) return;
      this.turns = [...before, turn];
      this.changing();
    };
    this.turns = [...before, turn];
    this.changed();
    const ticking = window.setInterval(() => {
      this.speed = speed.text();
      this.changed();
    }, SPEED_EVERY_MS);
    try {
      const messages = [...before.flatMap(messagesOf), { role: 'user', content: prompt } as const];
      const question = { model: this.model, system, messages, headers };
      const ending = await ask(apiNamed(this.api), question, controller.signal, {
        head: preview => {
          begun = preview;
          if (!current()) return;
          this.progress = { stage: 'begun', preview };
          this.changed();
        },
        text: delta => {
          speed.piece();
          show({ answer: turn.answer + delta });
        },
        thought: delta => {
          speed.piece();
          show({ thoughts: turn.thoughts + delta });
        },
      });
      if (ending.finish === 'length') show({ note: { text: 'Ended at the longest answer allowed.', bad: false } });
      this.speed = turn.answer === '' ? '' : speed.text(ending.completionTokens || undefined);
    } catch (error) {
      const stopped = controller.signal.aborted;
      show({ note: { text: stopped ? STOPPED : troubleOf(error), bad: !stopped } });
      this.speed = turn.answer === '' ? '' : speed.text();
    } finally {
      window.clearInterval(ticking);
      if (this.turns.length === 0) this.speed = '';
      else if (begun?.id === undefined) this.progress = { stage: 'nameless' };
      else this.progress = { stage: 'ended', id: begun.id, preview: begun };
      this.running = undefined;
      this.changed();
    }
    return turn.answer !== '' || controller.signal.aborted;
  }
}

/** Only what was answered is sent along with the next question. */
function messagesOf({ asked, answer }: Turn): readonly Message[] {
  return answer === ''
    ? []
    : [
        { role: 'user', content: asked },
        { role: 'assistant', content: answer },
      ];
}

const STOPPED = 'Stopped: the page has left, and the gateway has called the replica off.';

function troubleOf(error: unknown): string {
  if (!(error instanceof ApiError)) return `A defect in this page: ${String(error)}`;
  const { status, code, message, detail } = error;
  const facts = [status >= 400 ? String(status) : '', code ?? ''].filter(fact => fact !== '');
  const again = detail.retryAfter === undefined ? '' : ` Try again in ${detail.retryAfter} s.`;
  return `${facts.length === 0 ? '' : `${facts.join(' ')}: `}${message}${again}`;
}
