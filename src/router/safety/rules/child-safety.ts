import type { Rule } from './rule.js';

/** A child, by a word or an age below eighteen; English, French, German, Spanish. */
const CHILD =
  /(?<![\p{L}\p{N}])(?:child(?:ren)?|kids?|minors?|toddlers?|infants?|babies|pre-?teens?|underage|school(?:boy|girl)s?|little (?:boy|girl)s?|loli(?:ta)?s?|shota|enfants?|mineure?s?|fillettes?|gamine?s?|kind(?:er|ern)?|minderjährige[nr]?|niñ[oa]s?|menor(?:es)?(?: de edad)?)(?!\p{L})|(?<![\p{L}\p{N}])(?:[1-9]|1[0-7])[ -]?(?:years?[ -]old|y\/?o|ans|jährige[nrs]?|años)(?!\p{L})/iu;
/** Sexual content or acts. */
const SEXUAL =
  /(?<![\p{L}\p{N}])(?:sex(?:ual(?:ly|i[sz](?:e|ed|ing))?|y|ting)?|porn(?:o|ography|ographic)?|nudes?|naked|nudity|erotic(?:a)?|molest(?:ing|ation)?|grop(?:e|ing)|seduc(?:e|ing|tion)|arous(?:e|ed|ing|al)|intercourse|fondl(?:e|ing)|explicit|undress(?:ed|ing)?|csam|sexuel(?:le)?s?|érotiques?|nue?s?|sexuell(?:e[nrs]?)?|nackt(?:e[nrs]?)?|desnud[oa]s?|sexual(?:es)?)(?!\p{L})|\bgroom(?:ing)? (?:a |an |the |my )?(?:child|kid|minor|teen|girl|boy|underage)/giu;
/** Something is wanted of it: made, found, done. */
const WANTED =
  /(?<![\p{L}\p{N}])(?:write|describe|generate|create|make|draw|give me|show me|send|find|download|where (?:can|do) (?:i|we)|how (?:can|do|to|should)(?: i| we)?|help me|i want|roleplay|role-play|pretend|story|fantas(?:y|ize)|tell me|écri[sv]|décri[sv]|montre|trouve[rz]?|comment|schreib|beschreib|zeig|wie|escribe|describe|muestra|cómo)(?!\p{L})/iu;
/** Those who protect, teach, heal, judge or report speak of it too. */
const PROTECTS =
  /(?<![\p{L}\p{N}])(?:protect|prevent(?:ing|ion)?|report(?:ing)?|safeguard(?:ing)?|recogni[sz]e|signs? of|warning signs|stop(?:ping)?|law|legal|illegal|statute|police|therap(?:y|ist)|counsel(?:l?or|l?ing)|survivors?|victims?|was (?:abused|molested)|happened to me|sex(?:ual)? education|explain (?:to|puberty)|talk to (?:my|a|our)|pediatric(?:ian)?|medical|doctor|research|statistics|policy|protéger|prévenir|signaler|schützen|melden|vorbeugen|proteger|prevenir|denunciar)(?!\p{L})/iu;
/** How far the child and the act may be apart, in characters. */
const NEAR = 160;

/**
 * Sexual content about children that is asked for. Precise rather than complete: a rule knows words, not meanings. Speech of those who
 * protect children is let pass.
 */
export const childSafety: Rule = {
  name: 'child_safety',
  beyondAscii: false,
  find(text) {
    for (const { 0: act, index } of text.matchAll(SEXUAL)) {
      const around = text.slice(Math.max(0, index - NEAR), index + act.length + NEAR);
      if (CHILD.test(around) && WANTED.test(around) && !PROTECTS.test(around)) {
        return { rule: 'child_safety', start: index, end: index + act.length };
      }
    }
    return undefined;
  },
};
