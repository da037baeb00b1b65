import type { OutgoingHttpHeaders } from 'node:http';
import type { Placement } from '#contract/placement.js';
import type { RouteDraft } from '#contract/stage.js';
import { headerText } from '#gateway/http/respond.js';
import { idHeaders } from '#gateway/request-id.js';
import type { Exchange } from './exchange.js';

const MAX_REASON_CHARS = 240;

/** What an answer says of itself, whoever gave it. */
export function answerHeaders(
  { inbound, route, protocol, lost, reports, answers, compressed }: Exchange,
  placement: Placement | undefined,
  model: string | undefined,
): OutgoingHttpHeaders {
  const { id } = inbound.request;
  const head = decisionHeaders(id, route, placement, model);
  const { idHeader } = protocol;
  if (idHeader !== undefined) head[idHeader] = id;
  if (lost.length > 0) head['x-weir-lost'] = lost.join(',');
  if (compressed !== undefined) head['x-weir-compressed'] = `${compressed.from}>${compressed.to}`;
  for (const { guard, header } of reports) if (header !== undefined) head[`x-weir-${guard}`] = header;
  const cascade = answers.header;
  if (cascade !== undefined) head['x-weir-cascade'] = cascade;
  return head;
}

/** The headers by which any answer can be asked why: the same names whatever became of the request. */
export function decisionHeaders(
  id: string,
  route: RouteDraft,
  placement: Placement | undefined,
  model: string | undefined,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = idHeaders(id);
  // What is refused before it was decided has no decision to name.
  if (route.decision !== '') headers['x-weir-decision'] = route.decision;
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
