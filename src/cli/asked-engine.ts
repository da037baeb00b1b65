import { isWeirError } from '#contract/errors.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { askForModels } from '#gateway/discovery/probe.js';
import { machineClock } from '#gateway/machine-clock.js';
import { Connections } from '#gateway/upstream/connections.js';

/** The model that is written down where nobody says another. */
export const DEFAULT_MODEL = 'llama3.2';

const TIMEOUT: Milliseconds = 2000;
const MOST_NAMED = 8;

/** What an engine said of itself when it was asked, and what there is to tell about that. */
export interface AskedEngine {
  /** The model to write down; `undefined` when it told of none. */
  readonly model?: string | undefined;
  /** The model's context window, where it was told. */
  readonly context?: Tokens | undefined;
  readonly told: readonly string[];
}

/**
 * Asks a server for its models, for a file about it. Nothing depends on an answer: it may not run yet.
 *
 * @param wanted the model that the file is to name, where that was said.
 */
export async function engineAt(url: string, wanted: string | undefined): Promise<AskedEngine> {
  const connections = new Connections(machineClock);
  try {
    const { models } = await askForModels({ connections, clock: machineClock }, url, { timeoutMs: TIMEOUT });
    const chat = models.filter(({ kind }) => kind === 'chat');
    const names = chat.map(({ id }) => id);
    const model = wanted ?? (names.includes(DEFAULT_MODEL) ? DEFAULT_MODEL : names[0]);
    const found = models.find(({ id }) => id === model);
    const shown = names.slice(0, MOST_NAMED).join(', ') + (names.length > MOST_NAMED ? ', …' : '');
    const told =
      wanted !== undefined && found === undefined
        ? [`${url} serves no ${wanted}; it serves ${shown === '' ? 'no models at all' : shown}`]
        : wanted === undefined && names.length > 1
          ? [`${url} serves ${shown}; the file names ${model}, --model another`]
          : [];
    return { model, context: found?.context, told };
  } catch (error) {
    if (!isWeirError(error)) throw error;
    return { told: [`${error.message}: the name of the model and its context window are guesses`] };
  } finally {
    connections.destroy();
  }
}
