import type { Message } from './chat.js';
import { el } from './dom.js';
import { count } from './format.js';

/** Within this many pixels of its end, a log counts as being read at its end and follows what is added. */
const NEAR_END_PX = 48;
/** Of a longer prompt only the beginning is shown. */
const MAX_SHOWN = 700;

/** An answer that is being written. */
export interface Reply {
  text(delta: string): void;
  thought(delta: string): void;
  /** The whole answer, or what there was of it when it stopped. */
  end(note?: { readonly text: string; readonly bad: boolean }): string;
}

/** The turns so far: what the next request sends along, and what is shown of it. */
export class Conversation {
  readonly element = el('div', {
    class: 'log',
    role: 'log',
    'aria-live': 'polite',
    'aria-label': 'Conversation',
    tabindex: 0,
  });
  private turns: Message[] = [];

  constructor() {
    this.clear();
  }

  get messages(): readonly Message[] {
    return this.turns;
  }

  clear(): void {
    this.turns = [];
    this.element.replaceChildren(
      el(
        'p',
        { class: 'empty' },
        'Send a prompt and see which model answers it, on which replica, and why. Ask again in the same conversation and the replica finds the beginning of the prompt in its cache.',
      ),
    );
  }

  /** Shows what is asked. It joins the conversation only once it has been answered. */
  ask(text: string): Reply {
    if (this.turns.length === 0) this.element.replaceChildren();
    this.element.append(turn('You', el('div', { class: 'words' }, beginningOf(text)), 'asked'));
    const written = document.createTextNode('');
    const thoughts = document.createTextNode('');
    const body = el('div', { class: 'words' }, written);
    const answer = turn('Answer', body, 'answered');
    this.element.append(answer);
    this.element.setAttribute('aria-busy', 'true');
    this.element.scrollTop = this.element.scrollHeight;
    return {
      text: delta => this.following(() => written.appendData(delta)),
      thought: delta =>
        this.following(() => {
          if (!thoughts.isConnected) body.before(el('div', { class: 'words thoughts' }, thoughts));
          thoughts.appendData(delta);
        }),
      end: note => {
        this.element.setAttribute('aria-busy', 'false');
        this.following(() => {
          if (written.data === '') body.remove();
          if (note !== undefined) {
            answer.append(
              el('p', { class: note.bad ? 'alert' : 'note', role: note.bad ? 'alert' : undefined }, note.text),
            );
          }
        });
        // A conversation begun anew in the meantime has nothing to do with this answer.
        if (written.data !== '' && answer.isConnected) {
          this.turns.push({ role: 'user', content: text }, { role: 'assistant', content: written.data });
        }
        return written.data;
      },
    };
  }

  private following(change: () => void): void {
    const { element } = this;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    change();
    if (atEnd) element.scrollTop = element.scrollHeight;
  }
}

function turn(who: string, body: HTMLElement, kind: string): HTMLElement {
  return el('article', { class: `turn ${kind}` }, el('h3', {}, who), body);
}

function beginningOf(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}… (${count(text.length)} characters in all)`;
}
