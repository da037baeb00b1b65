type Child = Node | string | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Builds an element. Attributes that are `undefined` or `false` are left out, `true` is written empty. Strings become text:
 * nothing on this page is ever parsed as HTML.
 */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== undefined && child !== false) element.append(child);
  return element;
}

/** Sets an element's text, touching the document only when it differs, so that what is read aloud or selected stays. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The element with an id that the page itself carries. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

/** A short state in a coloured frame. The word carries the meaning, the colour only repeats it. */
export function chip(text: string, tone: Tone = 'plain'): HTMLElement {
  return el('span', { class: `chip ${tone}` }, text);
}

/** A list of named facts; those without a value are left out. */
export function facts(entries: readonly (readonly [string, Child])[], className = 'facts'): HTMLElement {
  const list = el('dl', { class: className });
  for (const [name, value] of entries) {
    if (value === undefined || value === false) continue;
    list.append(el('div', {}, el('dt', {}, name), el('dd', {}, value)));
  }
  return list;
}

/** Widths go through the style object, which the content security policy allows where it forbids style attributes. */
export function setShare(bar: HTMLElement, share: number): void {
  bar.style.setProperty('width', `${Math.max(0, Math.min(1, share)) * 100}%`);
}
