/** Markup of which every text has been escaped. */
export class Markup {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

export type Child = Markup | string | number | readonly Child[] | undefined;

/** A template of HTML or SVG: what is put in is escaped unless it is markup itself; lists are joined, `undefined` is nothing. */
export function html(parts: TemplateStringsArray, ...children: readonly Child[]): Markup {
  let text = parts[0] ?? '';
  for (const [i, child] of children.entries()) text += rendered(child) + (parts[i + 1] ?? '');
  return new Markup(text);
}

function rendered(child: Child): string {
  if (child === undefined) return '';
  if (child instanceof Markup) return child.text;
  if (typeof child === 'object') return child.map(rendered).join('');
  return String(child).replace(/[&<>"']/g, mark => `&#${mark.charCodeAt(0)};`);
}
