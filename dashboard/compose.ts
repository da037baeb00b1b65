import { ApiError, explain, type ListedModel } from './api.js';
import { chat, type Message, type Preview } from './chat.js';
import { Conversation } from './conversation.js';
import { el, setText } from './dom.js';
import { EXAMPLES, type Example } from './examples.js';
import { LiveSpeed } from './live-speed.js';

export interface ComposeHost {
  /** A request is on its way. */
  sent(): void;
  /** The response's head is here: an answer begins, or an error. */
  begun(preview: Preview): void;
  /** All is over; `id` when the gateway had named the request. */
  ended(id: string | undefined): void;
}

const SPEED_EVERY_MS = 100;

/** The left side: what to ask, of whom, and the answer as it comes. */
export class Compose {
  private readonly conversation = new Conversation();
  private readonly model = el('select', { id: 'model', name: 'model' }, el('option', {}, 'auto'));
  private readonly about = el('p', { class: 'hint', id: 'model-about' });
  private readonly prompt = el('textarea', { id: 'prompt', rows: 4, required: true, placeholder: 'Ask something…' });
  private readonly system = el('textarea', { id: 'system', rows: 2 });
  private readonly headers = el('textarea', {
    id: 'headers',
    rows: 2,
    spellcheck: 'false',
    placeholder: 'x-tier: gold',
  });
  private readonly more = el('details', { class: 'more' }, el('summary', {}, 'System prompt and headers'));
  private readonly send = el('button', { type: 'submit', class: 'primary' }, 'Send');
  private readonly stop = el('button', { type: 'button', disabled: true }, 'Stop');
  private readonly fresh = el('button', { type: 'button' }, 'New conversation');
  private readonly speed = el('p', { class: 'speed', 'data-speed': true });
  private readonly examples = el('div', { class: 'examples', role: 'group', 'aria-label': 'Examples' });
  private running: AbortController | undefined;
  private listed: readonly ListedModel[] = [];

  constructor(
    root: HTMLElement,
    private readonly host: ComposeHost,
  ) {
    this.more.append(
      el('label', { for: 'system' }, 'System prompt'),
      this.system,
      el('label', { for: 'headers' }, 'Headers, one a line'),
      this.headers,
    );
    const form = el(
      'form',
      {},
      el('div', { class: 'asked-of' }, el('label', { for: 'model' }, 'Model'), this.model, this.about),
      el('label', { for: 'prompt', class: 'unseen' }, 'Prompt'),
      this.prompt,
      this.more,
      el(
        'div',
        { class: 'actions' },
        this.send,
        this.stop,
        this.fresh,
        el('span', { class: 'hint keys' }, 'Ctrl or ⌘ + Enter sends'),
      ),
    );
    this.model.setAttribute('aria-describedby', 'model-about');
    for (const example of EXAMPLES) this.examples.append(this.exampleButton(example));
    root.append(el('h2', { id: 'compose-title' }, 'Ask'), this.examples, this.conversation.element, this.speed, form);
    form.addEventListener('submit', event => {
      event.preventDefault();
      void this.submit();
    });
    form.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      form.requestSubmit();
    });
    this.stop.addEventListener('click', () => this.running?.abort());
    this.fresh.addEventListener('click', () => this.restart());
    this.model.addEventListener('change', () => this.describeModel());
  }

  /** Offers these models, virtual ones first. */
  offer(models: readonly ListedModel[]): void {
    this.listed = models;
    const chosen = this.model.value;
    const groups = [
      ['Weir decides', models.filter(({ virtual }) => virtual === true)],
      ['Straight to a model', models.filter(({ virtual }) => virtual !== true)],
    ] as const;
    this.model.replaceChildren(
      ...groups.map(([label, group]) => el('optgroup', { label }, ...group.map(({ id }) => el('option', {}, id)))),
    );
    if (models.some(({ id }) => id === chosen)) this.model.value = chosen;
    this.describeModel();
  }

  /** Writes under each example which decision it would meet now. */
  async labelExamples(): Promise<void> {
    const model = this.listed.find(({ virtual }) => virtual === true)?.id;
    if (model === undefined) return;
    for (const [index, { prompt, headers }] of EXAMPLES.entries()) {
      const label = this.examples.children[index]?.querySelector('small');
      if (!(label instanceof HTMLElement)) continue;
      try {
        const body = { model, messages: [{ role: 'user', content: prompt }] };
        const { decision } = await explain(body, new Headers(pairsOf(headers ?? '')));
        setText(label, `→ ${decision}`);
      } catch {
        // Only a hint: a request says what is wrong with it when it is sent.
      }
    }
  }

  private exampleButton(example: Example): HTMLElement {
    const button = el('button', { type: 'button' }, example.label, ' ', el('small'));
    button.addEventListener('click', () => {
      this.restart();
      this.prompt.value = example.prompt;
      this.headers.value = example.headers ?? '';
      this.more.open = example.headers !== undefined;
      this.prompt.focus();
      this.prompt.setSelectionRange(0, 0);
      this.prompt.scrollTop = 0;
    });
    return button;
  }

  private describeModel(): void {
    const chosen = this.listed.find(({ id }) => id === this.model.value);
    setText(this.about, chosen?.description ?? (chosen?.virtual === true ? 'the policy chooses the model' : ''));
  }

  private restart(): void {
    this.running?.abort();
    this.conversation.clear();
    setText(this.speed, '');
    this.prompt.focus();
  }

  private async submit(): Promise<void> {
    const prompt = this.prompt.value;
    if (this.running !== undefined || prompt.trim() === '') return;
    let headers: Headers;
    try {
      headers = new Headers(pairsOf(this.headers.value));
    } catch {
      this.more.open = true;
      this.headers.setCustomValidity('Each line must be a header: its name, a colon, its value.');
      this.headers.reportValidity();
      this.headers.addEventListener('input', () => this.headers.setCustomValidity(''), { once: true });
      return;
    }
    const system: Message[] = this.system.value.trim() === '' ? [] : [{ role: 'system', content: this.system.value }];
    const messages: Message[] = [...system, ...this.conversation.messages, { role: 'user', content: prompt }];
    const controller = new AbortController();
    this.running = controller;
    this.busy(true);
    this.prompt.value = '';
    this.host.sent();
    const reply = this.conversation.ask(prompt);
    const speed = new LiveSpeed();
    const ticking = window.setInterval(() => setText(this.speed, speed.text()), SPEED_EVERY_MS);
    let id: string | undefined;
    try {
      const ending = await chat(this.model.value, messages, headers, controller.signal, {
        head: preview => {
          id = preview.id;
          this.host.begun(preview);
        },
        text: delta => {
          speed.piece();
          reply.text(delta);
        },
        thought: delta => {
          speed.piece();
          reply.thought(delta);
        },
      });
      const empty = reply.end(noteOf(ending.finish)) === '';
      setText(this.speed, empty ? '' : speed.text(ending.completionTokens || undefined));
    } catch (error) {
      const said = reply.end({ text: troubleOf(error, controller.signal), bad: !controller.signal.aborted });
      setText(this.speed, said === '' ? '' : speed.text());
      if (said === '' && this.prompt.value === '' && !controller.signal.aborted) this.prompt.value = prompt;
    } finally {
      window.clearInterval(ticking);
      this.running = undefined;
      this.busy(false);
      this.host.ended(id);
    }
  }

  private busy(busy: boolean): void {
    this.send.disabled = busy;
    this.stop.disabled = !busy;
    // Disabling a button drops the focus; whoever reads elsewhere by now keeps theirs.
    if (!busy && document.activeElement === document.body) this.prompt.focus({ preventScroll: true });
  }
}

/** `name: value` lines → pairs. @throws TypeError for a line without a colon. */
function pairsOf(text: string): [string, string][] {
  const lines = text.split('\n').filter(line => line.trim() !== '');
  return lines.map(line => {
    const colon = line.indexOf(':');
    if (colon < 1) throw new TypeError('no header');
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
}

function noteOf(finish: string | undefined): { text: string; bad: boolean } | undefined {
  return finish === 'length' ? { text: 'Ended at the longest answer allowed.', bad: false } : undefined;
}

function troubleOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'Stopped: the page has left, and the gateway has called the replica off.';
  if (!(error instanceof ApiError)) return `A defect in this page: ${String(error)}`;
  const facts = [error.status >= 400 ? String(error.status) : '', error.code ?? ''].filter(fact => fact !== '');
  const again = error.retryAfter === undefined ? '' : ` Try again in ${error.retryAfter} s.`;
  return `${facts.length === 0 ? '' : `${facts.join(' ')}: `}${error.message}${again}`;
}
