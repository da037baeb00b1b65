/** What the response headers tell of the decision before the record can be read. */
export interface Preview {
  readonly id: string | undefined;
  readonly decision: string | undefined;
  readonly reason: string | undefined;
  readonly model: string | undefined;
  readonly pool: string | undefined;
  readonly replica: string | undefined;
}

export function previewOf(headers: Headers): Preview {
  const read = (name: string): string | undefined => headers.get(name) ?? undefined;
  return {
    id: read('x-request-id'),
    decision: read('x-weir-decision'),
    reason: read('x-weir-reason'),
    model: read('x-weir-model'),
    pool: read('x-weir-pool'),
    replica: read('x-weir-replica'),
  };
}
