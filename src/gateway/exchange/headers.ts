import type { OutgoingHttpHeaders } from 'node:http';
import type { Placement } from '#contract/placement.js';
import type { RouteDraft } from '#contract/stage.js';
import { headerText } from '#gateway/http/respond.js';
import { idHeaders } from '#gateway/request-id.js';

const MAX_REASON_CHARS = 240;

/** The headers by which any answer can be asked why: the same names whatever became of the request. */
export function decisionHeaders(
  id: string,
  route: RouteDraft,
  placement: Placement | undefined,
  model: string | undefined,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = idHeaders(id);
  headers['x-weir-decision'] = route.decision;
  if (model !== undefined) headers['x-weir-model'] = model;
  if (placement !== undefined) {
    headers['x-weir-pool'] = placement.pool;
    headers['x-weir-replica'] = placement.replica;
  }
  const shown = route.safety?.filter(({ action }) => action === 'header' || action === 'redact');
  if (shown !== undefined && shown.length > 0) headers['x-weir-safety'] = shown.map(({ rule }) => rule).join(',');
  if (route.reason.summary !== '')
    headers['x-weir-reason'] = headerText(route.reason.summary.slice(0, MAX_REASON_CHARS));
  return headers;
}
