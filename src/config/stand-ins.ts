import { type Finding, formatPath, type Path } from './problem.js';

/** A text value with a reference to what is not there, and what took its place. */
interface StandIn {
  readonly path: Path;
  /** The variables and files, by what people call them: `OPENAI_KEY`, `file:/run/key`. */
  readonly names: string[];
  /** That they are not there. */
  readonly finding: Finding;
  /** Something that depends on the value was found to be wrong: it is needed after all. */
  needed: boolean;
}

/** Longest label of a host name (RFC 1035); a stand-in may be part of one. */
const LONGEST = 63;
/** Shortest stand-in: no setting asks for a longer secret. */
const SHORTEST = 24;

/**
 * What takes the place of variables and files that are not there, for who reads a configuration without serving it: texts that fit
 * wherever a secret does. A stand-in goes no further than nothing depends on its value: whatever is wrong with it or follows from it
 * makes the variable a needed one, and so an error as ever.
 */
export class StandIns {
  private readonly all = new Map<string, StandIn>();

  /** @param allowed where there may be any: what decides something is never guessed. */
  constructor(private readonly allowed: (path: Path) => boolean) {}

  /** The text in the place of a variable or file; `undefined` where it is needed. */
  take(name: string, finding: Finding): string | undefined {
    if (!this.allowed(finding.path)) return undefined;
    const known = this.all.get(formatPath(finding.path));
    if (known === undefined)
      this.all.set(formatPath(finding.path), { path: finding.path, names: [name], finding, needed: false });
    else known.names.push(name);
    return standInFor(name);
  }

  /** Whatever was found at a path, said as what it follows from, the first time; nothing when no stand-in is there. */
  becomesNeeded(path: Path): { readonly finding: Finding | undefined } | undefined {
    const found = this.all.get(formatPath(path));
    if (found === undefined) return undefined;
    const finding = found.needed ? undefined : found.finding;
    found.needed = true;
    return { finding };
  }

  /** Values that a plain text may not fit in, with whole texts that might. */
  *texts(): Iterable<{ readonly path: Path; readonly texts: readonly string[] }> {
    for (const { path, names } of this.all.values()) {
      const host = standInFor(names.join('-'));
      yield { path, texts: [`http://${host}.invalid`, `postgres://${host}.invalid/weir`, `redis://${host}.invalid`] };
    }
  }

  /** What is not there and is not needed. */
  get unused(): readonly { readonly names: readonly string[]; readonly finding: Finding }[] {
    return [...this.all.values()].filter(({ needed }) => !needed);
  }
}

function standInFor(name: string): string {
  const word = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `unset-${word}`.slice(0, LONGEST).padEnd(SHORTEST, '-unset');
}
