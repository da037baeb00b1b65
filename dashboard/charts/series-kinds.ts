const KINDS = ['answered', 'p95', 'answers', 'fourth', 'fifth', 'decode'] as const;

/** The colour of one of several series that have no meaning of their own, by their order; a seventh begins anew. */
export function seriesKind(index: number): string {
  return KINDS[index % KINDS.length] ?? 'answered';
}
