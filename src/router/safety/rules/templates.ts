import type { Rule } from './rule.js';

/** Jailbreaks that go from hand to hand: each is two marks at least, for one alone is often about a jailbreak and not one. */
const TEMPLATES: readonly (readonly [RegExp, ...RegExp[]])[] = [
  [/\bdo anything now\b/i, /\b(?:you are going to|you will|act as|pretend|from now on|immerse yourself)\b/i],
  [
    /\bdeveloper mode\b/i,
    /\b(?:enabled|output)\b/i,
    /\b(?:two|both|normal) (?:responses?|outputs?|ways)\b|\bact as\b/i,
  ],
  [/\bstay in character\b/i, /\b(?:dan|jailbr[eo]a?k(?:ed)?|no restrictions?|unfiltered|amoral)\b/i],
  [/\balways intelligent and machiavellian\b/i],
  [
    /\bignore (?:all|any) (?:the )?(?:previous|prior|above) (?:instructions|directions)\b/i,
    /\b(?:unfiltered|no (?:rules|limits|restrictions|filters?)|without (?:any )?(?:restrictions?|limits|filters?))\b/i,
  ],
  [/🔓|\[(?:jailbreak|dan)\]|\((?:🔓|dan)\)/iu, /🔒|\[(?:classic|gpt)\]|\bclassic\b/iu],
  [
    /\b(?:opposite|evil|chaos|anti)[ -]?(?:mode|gpt|bot)\b/i,
    /\b(?:two|both|second) (?:responses?|paragraphs?|ways)\b/i,
  ],
];
/** Marks by which chat models are told who speaks: nothing that a user or a document has a use for. */
const ROLES =
  /<\|(?:im_start|im_end|system|start_header_id|eot_id|endoftext)\|>|\[\/?INST\]|<<\/?SYS>>|<(?:start|end)_of_turn>/i;

/** Jailbreak templates that are known by name. */
export const templates: Rule = {
  name: 'template',
  beyondAscii: false,
  find(text) {
    for (const [mark, ...others] of TEMPLATES) {
      const first = mark.exec(text);
      if (first === null || !others.every(other => other.test(text))) continue;
      return { rule: 'template', start: first.index, end: first.index + first[0].length };
    }
    return undefined;
  },
};

/** The marks of a chat template inside a text: an attempt to speak in another role. */
export const roleMarks: Rule = {
  name: 'role_marks',
  beyondAscii: false,
  find(text) {
    const found = ROLES.exec(text);
    return found === null ? undefined : { rule: 'role_marks', start: found.index, end: found.index + found[0].length };
  },
};
