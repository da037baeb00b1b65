import type { Deadline } from '#contract/deadline.js';
import { WeirError } from '#contract/errors.js';
import type { PersonalDataFinder, PersonalReading, PersonalSpan } from '#contract/personal-data.js';
import { CONTINUE, type Stage, type StageContext, type StageResult } from '#contract/stage.js';
import { ownerOf } from '#gateway/memory.js';
import type { RouterConfig } from '#router/schema.js';
import { countsOf, inOrder, personalReadings, toldCounts } from '#router/signals/personal-readings.js';
import { Masking, unmasking } from './masking.js';
import { personalTexts, systemTexts } from './personal-texts.js';
import type { Vault } from './vault.js';

/**
 * Blocks, masks or counts personal data, as `router.privacy` says, on its way to the models of a decision. It comes behind the decision: one that
 * goes to models of one's own may say `privacy: off`.
 *
 * @returns `undefined` where nothing is to be done of any kind.
 */
export function privacyStage(
  { privacy, decisions }: RouterConfig,
  all: PersonalDataFinder,
  vault: Vault,
): Stage | undefined {
  const having = (mode: string) =>
    new Set(Object.entries(privacy.kinds).flatMap(([kind, given]) => (given === mode ? [kind] : [])));
  const blocked = having('block');
  const masked = having('mask');
  const watched = new Set([...blocked, ...masked, ...having('log')]);
  if (watched.size === 0) return undefined;
  const finder = all.narrowed?.(watched) ?? all;
  const strict = privacy.fail === 'closed' && blocked.size + masked.size > 0;
  const trusted = new Set(decisions.filter(decision => decision.privacy === 'off').map(({ name }) => name));

  const settle = (context: StageContext, texts: readonly string[], found: readonly PersonalReading[]): StageResult => {
    const counts = countsOf(found.flatMap(({ spans }) => spans.filter(({ kind }) => watched.has(kind))));
    const note = toldCounts(counts);
    const refused = inOrder(counts.keys()).filter(kind => blocked.has(kind));
    if (refused.length > 0) {
      const message = `The request holds personal data that must not go on: ${refused.join(', ')}`;
      return { kind: 'refuse', error: new WeirError('privacy.blocked', message), note: `blocked ${note}` };
    }
    const missed = found.find(one => one.missed !== undefined)?.missed;
    if (missed !== undefined && strict) {
      const message = 'It could not be told what of the request is personal, and it must not go on unread';
      return { kind: 'refuse', error: new WeirError('privacy.unread', message), note: `not all read: ${missed}` };
    }
    const unread = missed === undefined ? '' : `, not all read: ${missed}`;
    const masks = [...counts.keys()].some(kind => masked.has(kind));
    if (!masks && !namesUser(context, finder, masked)) {
      if (counts.size === 0 && missed === undefined) return CONTINUE;
      return { kind: 'continue', note: `found ${note}${unread}` };
    }
    const spans = new Map(texts.map((text, at) => [text, found[at]!.spans]));
    mask(context, text => spans.get(text) ?? finder.findNow(text), vault, masked, privacy.system);
    return { kind: 'continue', note: `masked ${masks ? told(counts, masked) : 'what names the user'}${unread}` };
  };

  return {
    name: 'privacy',
    run(context) {
      if (trusted.has(context.route.decision)) return { kind: 'continue', note: 'off for this decision' };
      const { board, clock } = context;
      const until = clock.now() + privacy.patience;
      const deadline: Deadline = { leftMs: () => Math.max(0, until - clock.now()) };
      const texts = personalTexts(board.request, privacy.system);
      const found = personalReadings(finder, texts, deadline);
      return found instanceof Promise ? found.then(all => settle(context, texts, all)) : settle(context, texts, found);
    },
  };
}

/** Whether what the body, or who stands before it, calls the end user is to be masked: it is in no message, and goes along. */
function namesUser({ board }: StageContext, finder: PersonalDataFinder, masked: ReadonlySet<string>): boolean {
  const { user } = board.request.caller;
  return user !== undefined && finder.findNow(user).some(({ kind }) => masked.has(kind));
}

function told(counts: ReadonlyMap<string, number>, masked: ReadonlySet<string>): string {
  return toldCounts(new Map([...counts].filter(([kind]) => masked.has(kind))));
}

function mask(
  { board, route }: StageContext,
  find: (text: string) => readonly PersonalSpan[],
  vault: Vault,
  kinds: ReadonlySet<string>,
  system: boolean,
): void {
  const { request, profile } = board;
  // Another caller's conversation that begins the same is another conversation.
  const session = vault.session(`${ownerOf(request.caller)}\0${profile.session}`);
  const kept = system ? NOTHING_KEPT : systemTexts(request);
  const masking = new Masking(session, kinds, find, kept);
  route.rewrite = masking.rewrite;
  route.guards = [unmasking(masking, request.sampling.structured), ...(route.guards ?? [])];
}

const NOTHING_KEPT: ReadonlySet<string> = new Set();
