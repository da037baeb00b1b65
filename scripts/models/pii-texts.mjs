// Texts with marked names: Presidio's, and those made from templates.
import { jsonLines } from './texts.mjs';

const KINDS = {
  PERSON: 'person',
  GPE: 'place',
  ORGANIZATION: 'organization',
  STREET_ADDRESS: 'address',
};

/** Presidio's texts with the kinds that the tagger knows, and the template each was made from. */
export function presidio(file) {
  return jsonLines(file).map(({ text, spans, template }) => ({
    text,
    template,
    spans: spans
      .filter(({ entity_type: type }) => KINDS[type] !== undefined)
      .map(({ entity_type: type, start_position: start, end_position: end }) => ({ kind: KINDS[type], start, end }))
      .sort((a, b) => a.start - b.start),
  }));
}

/** The text with other names in the places of its own. */
export function renamed({ text, spans }, maker) {
  let out = '';
  let at = 0;
  const placed = [];
  const known = new Map();
  for (const { kind, start, end } of spans) {
    if (start < at) continue;
    out += text.slice(at, start);
    const before = text.slice(start, end);
    const name = kind === 'address' && maker.chance(0.3) ? before : (known.get(before) ?? maker[kind]());
    known.set(before, name);
    placed.push({ kind, start: out.length, end: out.length + name.length });
    out += name;
    at = end;
  }
  return { text: out + text.slice(at), spans: placed };
}

/** A template with `{person}` and the like filled in. */
export function filled(template, maker) {
  let text = '';
  const spans = [];
  for (const piece of template.replaceAll('\\n', '\n').split(/(\{\w+\})/)) {
    const kind = /^\{(\w+)\}$/.exec(piece)?.[1];
    if (kind === undefined) {
      text += piece;
      continue;
    }
    const name = maker[kind]();
    spans.push({ kind, start: text.length, end: text.length + name.length });
    text += name;
  }
  return { text, spans };
}
