import { WeirError } from '#contract/errors.js';
import {
  PERSONAL_KINDS,
  type PersonalDataFinder,
  type PersonalKind,
  type PersonalSpan,
} from '#contract/personal-data.js';
import { CONTINUE, type Stage, type StageContext, type StageResult } from '#contract/stage.js';
import { ownerOf } from '#gateway/memory.js';
import type { RouterConfig } from '#router/schema.js';
import { countsOf, toldCounts } from '#router/signals/pii.js';
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
  finder: PersonalDataFinder,
  vault: Vault,
): Stage | undefined {
  const having = (mode: string) => new Set(PERSONAL_KINDS.filter(kind => privacy.kinds[kind] === mode));
  const blocked = having('block');
  const masked = having('mask');
  const watched = new Set([...blocked, ...masked, ...having('log')]);
  if (watched.size === 0) return undefined;
  const trusted = new Set(decisions.filter(decision => decision.privacy === 'off').map(({ name }) => name));

  const settle = (context: StageContext, found: readonly (readonly PersonalSpan[])[]): StageResult => {
    const counts = countsOf(found.flat().filter(({ kind }) => watched.has(kind)));
    if (counts.size === 0) return CONTINUE;
    const note = toldCounts(counts);
    const refused = PERSONAL_KINDS.filter(kind => counts.has(kind) && blocked.has(kind));
    if (refused.length > 0) {
      const message = `The request holds personal data that must not go on: ${refused.join(', ')}`;
      return { kind: 'refuse', error: new WeirError('privacy.blocked', message), note: `blocked ${note}` };
    }
    if (![...counts.keys()].some(kind => masked.has(kind))) return { kind: 'continue', note: `found ${note}` };
    mask(context, finder, vault, masked, privacy.system);
    return { kind: 'continue', note: `masked ${told(counts, masked)}` };
  };

  return {
    name: 'privacy',
    run(context) {
      if (trusted.has(context.route.decision)) return { kind: 'continue', note: 'off for this decision' };
      const found = personalTexts(context.board.request, privacy.system).map(text => finder.find(text));
      const ready = found.filter((one): one is readonly PersonalSpan[] => !(one instanceof Promise));
      if (ready.length === found.length) return settle(context, ready);
      return Promise.all(found).then(all => settle(context, all));
    },
  };
}

function told(counts: ReadonlyMap<PersonalKind, number>, masked: ReadonlySet<PersonalKind>): string {
  return toldCounts(new Map([...counts].filter(([kind]) => masked.has(kind))));
}

function mask(
  { board, route }: StageContext,
  finder: PersonalDataFinder,
  vault: Vault,
  kinds: ReadonlySet<PersonalKind>,
  system: boolean,
): void {
  const { request, profile } = board;
  // Another caller's conversation that begins the same is another conversation.
  const session = vault.session(`${ownerOf(request.caller)}\0${profile.session}`);
  const kept = system ? NOTHING_KEPT : systemTexts(request);
  const masking = new Masking(session, kinds, text => finder.findNow(text), kept);
  route.rewrite = masking.rewrite;
  route.guards = [unmasking(masking, request.sampling.structured), ...(route.guards ?? [])];
}

const NOTHING_KEPT: ReadonlySet<string> = new Set();
