import { getModels, getState, type State } from './api.js';
import { Compose } from './compose.js';
import { byId, setText } from './dom.js';
import { Fleet } from './fleet.js';
import { duration } from './format.js';
import { Recent } from './recent.js';
import { Story } from './story.js';
import { whileVisible } from './visible-interval.js';

const STATE_EVERY_MS = 2000;
const RECENT_EVERY_MS = 4000;

let state: State | undefined;
/** Version of the configuration that models and example labels were read from. */
let offered: string | undefined;

const gateway = byId('gateway');
const trouble = byId('trouble');
const story = new Story(byId('story'), () => state);
const fleet = new Fleet(byId('fleet'));
const recent = new Recent(byId('recent'), () => void followHash());
const compose = new Compose(byId('compose'), {
  sent: () => {
    story.wait();
    recent.mark('');
  },
  begun: preview => story.begin(preview),
  ended: id => {
    if (id === undefined) story.lost();
    // Whoever has gone on to another request in the meantime stays there.
    if (id !== undefined && story.shows(id)) location.hash = id;
    else void recent.refresh();
  },
});

async function readState(): Promise<void> {
  try {
    state = await getState();
    fleet.update(state);
    const { source, version, uptime_ms: uptime, draining } = state;
    gateway.dataset.tone = draining ? 'warn' : 'good';
    setText(trouble, '');
    const what = source === 'demonstration' ? 'the demonstration' : source;
    setText(gateway, `${draining ? 'draining' : 'serving'} ${what} (${version}), up ${duration(uptime)}`);
    if (version !== offered) {
      offered = version;
      compose.offer(await getModels());
      void compose.labelExamples();
    }
  } catch (error) {
    gateway.dataset.tone = 'bad';
    setText(gateway, 'state unknown');
    setText(
      trouble,
      `${error instanceof Error ? error.message : String(error)} Trying again every ${duration(STATE_EVERY_MS)}.`,
    );
  }
}

async function followHash(): Promise<void> {
  const id = location.hash.slice(1);
  if (id === '') return;
  recent.mark(id);
  await story.show(id);
  await recent.refresh();
}

window.addEventListener('hashchange', () => void followHash());
let opened = false;
whileVisible(STATE_EVERY_MS, async () => {
  await readState();
  if (opened) return;
  // A story linked to waits for the state, which it compares prices and signals with.
  opened = true;
  void followHash();
});
whileVisible(RECENT_EVERY_MS, () => recent.refresh());
