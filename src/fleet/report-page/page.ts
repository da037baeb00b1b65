import { type Child, html, Markup } from './markup.js';

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2430;--soft:#566172;--line:#d8dde5;--ground:#fff;--card:#f6f8fa;--a:#1f6feb;--b:#b35900;--good:#1a7f37;--bad:#b42318}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#a3adbb;--line:#39424f;--ground:#11161d;--card:#1a212b;--a:#6cb0ff;--b:#f0a35e;--good:#5fd07a;--bad:#ff8a80}}
body{margin:0 auto;padding:2rem 1.25rem;max-width:62rem;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{margin:.25rem 0 .75rem}.soft{color:var(--soft);font-size:.9rem}
.figures{display:flex;flex-wrap:wrap;gap:.75rem;margin:1rem 0;padding:0}.figures div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem .9rem;min-width:8rem}
dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-size:1.25rem;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.92rem}th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
.number{text-align:right}.scroll{overflow-x:auto}.good{color:var(--good)}.bad{color:var(--bad)}
figure{margin:1rem 0}figcaption{font-weight:600;margin-bottom:.25rem}.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:1rem 2rem}
svg{display:block;width:100%;max-width:36rem;height:auto;overflow:visible}svg text{fill:var(--soft);font-size:11px}.grid{stroke:var(--line);stroke-width:1}.mark{stroke:var(--bad);stroke-dasharray:4 3}
.s0{--c:var(--a)}.s1{--c:var(--b)}.s2{--c:var(--good)}.s3{--c:var(--bad)}path.s0,path.s1,path.s2,path.s3{stroke:var(--c);fill:none;stroke-width:2}circle{fill:var(--c)}line.bar{stroke:var(--c);stroke-width:3}
.legend{display:flex;gap:1rem;flex-wrap:wrap;list-style:none;padding:0;margin:.25rem 0;font-size:.9rem}.legend i{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;background:var(--c);margin-right:.35rem}
@media print{body{max-width:none}}`;

/** A page that is one file: no script, nothing loaded from anywhere, light or dark as the reader's system is. */
export function page(title: string, subtitle: string, ...sections: readonly Child[]): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="soft">${subtitle}</p>
${sections}
</main>
</body>
</html>
`.text;
}

export function section(title: string, ...content: readonly Child[]): Markup {
  return html`<section><h2>${title}</h2>${content}</section>
`;
}

/** Numbers that matter, each with its name. */
export function figures(rows: readonly (readonly [name: string, value: string])[]): Markup {
  return html`<dl class="figures">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** A table whose first column names its rows; columns from the second on are numbers unless they hold markup. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly Child[])[]): Markup {
  const cell = (child: Child, at: number) =>
    at === 0
      ? html`<th scope="row">${child}</th>`
      : html`<td class="${child instanceof Markup ? '' : 'number'}">${child}</td>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><thead><tr>${head.map(
    (name, at) => html`<th scope="col" class="${at === 0 ? '' : 'number'}">${name}</th>`,
  )}</tr></thead><tbody>${rows.map(row => html`<tr>${row.map(cell)}</tr>`)}</tbody></table></div>`;
}

export function list(items: readonly Child[]): Markup {
  return html`<ul>${items.map(item => html`<li>${item}</li>`)}</ul>`;
}

function raw(text: string): Markup {
  return new Markup(text);
}
