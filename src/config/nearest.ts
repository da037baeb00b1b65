import { distance } from 'fastest-levenshtein';

/** Names longer than this are not compared: no setting has such a name. */
const LONGEST = 128;
const MOST_COMPARED = 1000;

/** The known name that was probably meant: at most a third of its letters differ, or they only stand in another order. */
export function nearest(written: string, known: Iterable<string>): string | undefined {
  if (written.length > LONGEST) return undefined;
  const wanted = plain(written);
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  let compared = 0;
  for (const name of known) {
    if (name.length > LONGEST || ++compared > MOST_COMPARED) continue;
    const candidate = plain(name);
    const swapped = wanted !== candidate && sorted(wanted) === sorted(candidate);
    const differing = swapped ? 1 : distance(wanted, candidate);
    if (differing < least && (swapped || differing <= Math.floor(Math.max(wanted.length, name.length) / 3))) {
      best = name;
      least = differing;
    }
  }
  return best;
}

/** `did you mean "x"?`, or else what there is to choose from, when that is short enough to be read. */
export function suggestion(written: string, known: Iterable<string>): string | undefined {
  const names = [...known];
  const near = nearest(written, names);
  if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
  if (names.length === 0) return undefined;
  const shown = names.slice(0, 12).join(', ');
  return names.length > 12 ? `one of ${shown}, …` : names.length === 1 ? `there is only ${shown}` : `one of ${shown}`;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

function sorted(name: string): string {
  return [...name].sort().join('');
}
