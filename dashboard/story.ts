import type { DecisionRecord } from '#contract/record.js';
import { ApiError, getRecord, type State } from './api.js';
import type { Preview } from './chat.js';
import { el, setText } from './dom.js';
import { foretell, outline, tell } from './story/tell.js';

/** Records are written in batches: how long and how often one is asked for before it counts as absent. */
const PATIENCE_MS = 2000;
const RETRY_EVERY_MS = 150;

/** The right side: the story of one request. */
export class Story {
  private readonly id = el('p', { class: 'request-id' });
  private readonly status = el('p', { class: 'hint', role: 'status' });
  private readonly body = el('div', {}, outline());
  /** What is shown or on its way: answers that come for anything else are late. */
  private current: string | undefined;
  private told: DecisionRecord | undefined;
  /** A request has been sent, and nobody has turned to another story since. */
  private waiting = false;

  constructor(
    root: HTMLElement,
    private readonly state: () => State | undefined,
  ) {
    root.append(
      el('div', { class: 'title-line' }, el('h2', { id: 'story-title' }, 'Story of the decision'), this.id),
      this.status,
      this.body,
    );
    setText(
      this.status,
      'Send a prompt, or choose one of the latest requests: each step of its way is told here, with its time.',
    );
  }

  /** Whether this request is the one on show. */
  shows(id: string): boolean {
    return this.current === id;
  }

  /** A request is on its way: its name and its story come with the first byte of the answer. */
  wait(): void {
    this.waiting = true;
    this.current = undefined;
    this.told = undefined;
    setText(this.id, '');
    setText(this.status, 'Sent; waiting for the first byte.');
    this.body.replaceChildren();
  }

  /** An answer begins: shows what its headers tell. */
  begin(preview: Preview): void {
    if (!this.waiting) return;
    this.waiting = false;
    this.current = preview.id;
    this.told = undefined;
    setText(this.id, preview.id ?? '');
    setText(this.status, 'What the headers tell; the whole story follows when the answer is whole.');
    this.body.replaceChildren(foretell(preview));
  }

  /** The request that was waited for has ended without a name. */
  lost(): void {
    if (!this.waiting) return;
    this.waiting = false;
    setText(
      this.status,
      'It ended before the gateway had named it. If it was read at all, it stands among the latest requests.',
    );
  }

  /** Fetches a request's record and tells it. @returns whether there was one. */
  async show(id: string): Promise<boolean> {
    this.waiting = false;
    if (this.told?.id === id) return true;
    const known = this.current === id;
    this.current = id;
    this.told = undefined;
    setText(this.id, id);
    if (!known) {
      this.body.replaceChildren();
      setText(this.status, 'Reading the record…');
    }
    const result = await this.fetch(id);
    if (this.current !== id) return false;
    if (result instanceof ApiError) {
      setText(this.status, absence(result));
      return false;
    }
    this.told = result;
    setText(this.status, '');
    this.body.replaceChildren(tell(result, this.state()));
    return true;
  }

  private async fetch(id: string): Promise<DecisionRecord | ApiError> {
    const begun = performance.now();
    for (;;) {
      try {
        return await getRecord(id);
      } catch (error) {
        const wrong = error instanceof ApiError ? error : new ApiError(String(error), 0, undefined);
        const enough = performance.now() - begun > PATIENCE_MS || this.current !== id;
        if (wrong.status !== 404 || enough) return wrong;
      }
      await new Promise(resolve => setTimeout(resolve, RETRY_EVERY_MS));
    }
  }
}

function absence({ status, message }: ApiError): string {
  return status === 404
    ? 'There is no record of this request: it was turned away before anything was decided, or its record has been cleared.'
    : `The record cannot be read: ${message}`;
}
