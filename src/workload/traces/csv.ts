/**
 * The fields of one line of comma-separated values (RFC 4180): quotes may enclose a field, and two of them in one stand for one. A
 * field never goes on into the next line. `undefined` for quotes that do not close.
 */
export function csvFields(line: string): readonly string[] | undefined {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  if (!text.includes('"')) return text.split(',');
  const fields: string[] = [];
  for (let at = 0; at <= text.length; ) {
    if (text[at] !== '"') {
      const end = text.indexOf(',', at);
      fields.push(end < 0 ? text.slice(at) : text.slice(at, end));
      at = end < 0 ? text.length + 1 : end + 1;
      continue;
    }
    let field = '';
    for (at++; ; at++) {
      const quote = text.indexOf('"', at);
      if (quote < 0) return undefined;
      field += text.slice(at, quote);
      at = quote + 1;
      if (text[at] !== '"') break;
      field += '"';
    }
    if (at < text.length && text[at] !== ',') return undefined;
    fields.push(field);
    at++;
  }
  return fields;
}

/** A field as the number it says, or as the text it is; `undefined` for an empty one or none. */
export function csvValue(fields: readonly string[], column: number): string | number | undefined {
  const text = fields[column]?.trim();
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}
