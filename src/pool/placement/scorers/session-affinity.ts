import type { Scorer } from '#pool/placement/scorer.js';

/** Conversations whose replica is remembered; the one longest silent is forgotten first. */
const MOST_SESSIONS = 65_536;

/**
 * Where the conversation was last: 1 for that replica, 0 for the others, and 1 for all when it is new or has no identity. Blind to
 * what is cached: for engines that keep state of a conversation that the prompt does not show, or where prompts are not to be hashed.
 */
export function sessionAffinity(most = MOST_SESSIONS): Scorer {
  const homes = new Map<string, string>();
  return {
    name: 'session',
    category: 'affinity',
    score({ request, replicas }, scores) {
      const home = request.session === '' ? undefined : homes.get(request.session);
      let found = false;
      for (let i = 0; i < replicas.length; i++) {
        const at = home !== undefined && replicas[i]!.id === home;
        scores[i] = at ? 1 : 0;
        found ||= at;
      }
      if (!found) scores.fill(1, 0, replicas.length);
      return found ? request.promptTokens : 0;
    },
    committed({ session }, replica) {
      if (session === '') return;
      homes.delete(session);
      if (homes.size >= most) homes.delete(homes.keys().next().value!);
      homes.set(session, replica);
    },
    forget(replica) {
      for (const [session, home] of homes) if (home === replica) homes.delete(session);
    },
  };
}
