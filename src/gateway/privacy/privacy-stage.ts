import type { Deadline } from '#contract/deadline.js';
import { WeirError } from '#contract/errors.js';
import type { PersonalDataFinder, PersonalReading, PersonalSpan } from '#contract/personal-data.js';
import { CONTINUE, type Stage, type StageContext, type StageResult } from '#contract/stage.js';
import { ownerOf } from '#gateway/memory.js';
import type { RouterConfig } from '#router/schema.js';
import { countsOf, inOrder, personalReadings, toldCounts } from '#router/signals/personal-readings.js';
import { demandsMail } from './mail-form.js';
import { Masking, unmasking } from './masking.js';
import { asItIs, type PersonalTexts, personalTexts } from './personal-texts.js';
import type { Vault, VaultSession } from './vault.js';

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
  const words = new Map(
    Object.entries(privacy.patterns).flatMap(([kind, { placeholder }]) =>
      placeholder === undefined ? [] : [[kind, placeholder]],
    ),
  );
  const trusted = new Set(decisions.filter(decision => decision.privacy === 'off').map(({ name }) => name));

  const settle = (context: StageContext, texts: PersonalTexts, found: readonly PersonalReading[]): StageResult => {
    const { said, naming, keeps } = texts;
    const counts = countsOf(
      found.slice(0, said.length).flatMap(({ spans }) => spans.filter(({ kind }) => watched.has(kind))),
    );
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
    const namesUser = found.slice(said.length).some(({ spans }) => spans.some(({ kind }) => masked.has(kind)));
    if (!masks && !namesUser) {
      if (counts.size === 0 && missed === undefined) return CONTINUE;
      return { kind: 'continue', note: `found ${note}${unread}` };
    }
    const spans = new Map([...said, ...naming].map((text, at) => [text, found[at]!.spans]));
    const values = valuesOf(spans, masked);
    const find = (text: string): readonly PersonalSpan[] => {
      const own = spans.get(text) ?? finder.findNow(text);
      const kind = own.length === 0 ? values.get(text) : undefined;
      return kind === undefined ? own : [{ kind, start: 0, end: text.length }];
    };
    const mails = demandsMail(context.board.request);
    mask(context, vault, session => new Masking(session, masked, find, keeps, words, mails));
    return { kind: 'continue', note: `masked ${masks ? told(counts, masked) : 'what names the user'}${unread}` };
  };

  return {
    name: 'privacy',
    run(context) {
      if (trusted.has(context.route.decision)) return { kind: 'continue', note: 'off for this decision' };
      const { clock } = context;
      const until = clock.now() + privacy.patience;
      const deadline: Deadline = { leftMs: () => Math.max(0, until - clock.now()) };
      const texts = personalTexts(context, privacy);
      const found = personalReadings(finder, [...texts.said, ...texts.naming], deadline);
      return found instanceof Promise ? found.then(all => settle(context, texts, all)) : settle(context, texts, found);
    },
  };
}

/** The kinds of values that are masked: a text that is nothing but one, such as a value that a schema names, is told where no word around it tells. */
function valuesOf(
  found: ReadonlyMap<string, readonly PersonalSpan[]>,
  masked: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [text, spans] of found) {
    for (const { kind, start, end } of spans) if (masked.has(kind)) values.set(text.slice(start, end), kind);
  }
  return values;
}

function told(counts: ReadonlyMap<string, number>, masked: ReadonlySet<string>): string {
  return toldCounts(new Map([...counts].filter(([kind]) => masked.has(kind))));
}

function mask({ board, route }: StageContext, vault: Vault, maskingOf: (session: VaultSession) => Masking): void {
  const { request, profile } = board;
  // Another caller's conversation that begins the same is another conversation.
  const masking = maskingOf(vault.session(`${ownerOf(request.caller)}\0${profile.session}`));
  const { rewrite: before = asItIs } = route;
  route.rewrite = (text, as) => masking.rewrite(before(text, as), as);
  route.guards = [unmasking(masking, request.sampling.structured), ...(route.guards ?? [])];
}
