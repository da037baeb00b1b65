/**
 * The languages that are told apart, after lid.176: ISO 639-1 codes where there is one, else ISO 639-3 or the code of the Wikipedia it was
 * trained on.
 */
export const LANGUAGES: readonly string[] = (
  'af am an ar arz as ast av az azb ba bar bcl be bg bh bn bo bpy br bs bxr ca cbk ce ceb ckb co cs cv cy da de diq dsb dty dv el ' +
  'eml en eo es et eu fa fi fr frr fy ga gd gl gn gom gsw gu gv he hi hif hr hsb ht hu hy ia id ie ilo io is it ja jbo jv ka kk km ' +
  'kn ko krc ku kv kw ky la lb lez li lmo lo lrc lt lv mai mg mhr min mk ml mn mr mrj ms mt mwl my myv mzn nah nap nds ne new nl ' +
  'nn no oc or os pa pam pfl pl pms pnb ps pt qu rm ro ru rue sa sah sc scn sco sd sh si sk sl so sq sr su sv sw ta te tg th tk tl ' +
  'tr tt tyv ug uk ur uz vec vep vi vls vo wa war xal xmf yi yo zh'
).split(' ');

const PREFIX = '__label__';

/** Labels of the model that are called otherwise here: `als` is Tosk Albanian in ISO 639-3, and what it takes for Wu is mostly Mandarin. */
const RENAMED: Readonly<Record<string, string>> = { als: 'gsw', wuu: 'zh', yue: 'zh' };

/** A label of the model as a language code. */
export function languageOf(label: string): string {
  const code = label.startsWith(PREFIX) ? label.slice(PREFIX.length) : label;
  return RENAMED[code] ?? code;
}
