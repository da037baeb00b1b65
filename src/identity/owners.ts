import type { SubjectRef, Versioned } from '#contract/identity.js';

/** Whose an entity is: what roles are asked with. */
export function ownerOf(entry: Versioned): { readonly team?: string | undefined; readonly user?: string | undefined } {
  switch (entry.kind) {
    case 'key':
      return { team: entry.entity.team, user: entry.entity.user };
    case 'team':
      return { team: entry.entity.id };
    case 'user':
      return { team: entry.entity.team, user: entry.entity.id };
  }
}

/** As {@link ownerOf}, of one that there is no longer, or never was but in a token. */
export function ownerOfRef({ kind, id }: SubjectRef): { readonly team?: string; readonly user?: string } {
  if (kind === 'key') return {};
  return kind === 'team' ? { team: id } : { user: id };
}
