// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables in weir.yaml look like that.
import { type Finding, formatPath, type Path } from './problem.js';
import type { StandIns } from './stand-ins.js';

/** Where secrets come from. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file that `file:PATH` names; throws when it cannot. */
  readonly readFile: (path: string) => string;
  /** What takes the place of what is not there; without it, that is an error. */
  readonly standIns?: StandIns | undefined;
}

/** Longest secret. */
const MOST_CHARACTERS = 64 * 1024;
/** Shorter texts than this are not hidden where they stand by chance in messages about other settings. */
const LEAST_HIDDEN = 8;
/** A run of this many characters of a secret in a message gives part of it away. */
const TELLING = 4;

const REFERENCE = /\$\$\{|\$\{([^{}]*)(\}?)/g;
const INSIDE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const FILE = /^file:(\S[^\r\n]*)$/;

/** What stands in the file, and what took its place; no text when nothing could. */
interface Substitution {
  readonly reference: string;
  readonly text: string | undefined;
}

/**
 * Puts secrets in the place of what refers to them: `${NAME}` and `${NAME:-default}` anywhere in a text, and `file:PATH` as a
 * whole text. `$${` stands for `${` itself. Remembers which values came that way, so that no message ever shows one.
 */
export class Secrets {
  readonly findings: Finding[] = [];
  private readonly substitutions = new Map<string, Substitution>();
  private readonly hidden = new Set<string>();

  constructor(private readonly sources: SecretSources) {}

  /** The text with its references resolved; what cannot be resolved becomes a finding. */
  readonly substitute = (text: string, path: Path): string => {
    const file = FILE.exec(text)?.[1];
    if (file === undefined && !text.includes('${')) return text;
    const missed = this.findings.length;
    const value = file === undefined ? this.fromEnvironment(text, path) : this.fromFile(file, path);
    if (value === text.replaceAll('$${', '${')) return value;
    this.substitutions.set(formatPath(path), {
      reference: text.length > 80 ? 'this setting' : text,
      text: this.findings.length > missed ? undefined : value,
    });
    return value;
  };

  private fromEnvironment(text: string, path: Path): string {
    return text.replace(REFERENCE, (_, inside: string | undefined, end: string) => {
      if (inside === undefined) return '${';
      const match = INSIDE.exec(inside);
      if (match === null || end === '') {
        const hint = 'write ${NAME} or ${NAME:-default}; $${ stands for ${ itself';
        return this.miss(path, '`${` begins the name of no variable', hint);
      }
      const [, name = '', fallback] = match;
      const value = this.sources.env[name] ?? '';
      if (value === '') {
        if (fallback !== undefined) return fallback;
        const hint = `set ${name}, or give a default: \${${name}:-…}`;
        return this.absent(name, path, `the environment variable ${name} is not set or empty`, hint);
      }
      if (value.length > MOST_CHARACTERS) {
        const message = `the environment variable ${name} is longer than ${MOST_CHARACTERS} characters`;
        return this.miss(path, message, 'nothing in a configuration is that long');
      }
      return this.hide(value);
    });
  }

  private fromFile(file: string, path: Path): string {
    let value: string;
    try {
      value = this.sources.readFile(file).trim();
    } catch (error) {
      const why = (error as NodeJS.ErrnoException | undefined)?.code ?? 'unreadable';
      return this.absent(
        `file:${file}`,
        path,
        `the file ${file} cannot be read (${why})`,
        'name a file that exists and that Weir may read',
      );
    }
    if (value === '' || value.length > MOST_CHARACTERS) {
      const state = value === '' ? 'empty' : `longer than ${MOST_CHARACTERS} characters`;
      return this.miss(path, `the file ${file} is ${state}`, 'put the secret into it, and nothing else');
    }
    return this.hide(value);
  }

  private hide(value: string): string {
    if (value.length >= LEAST_HIDDEN) this.hidden.add(value);
    return value;
  }

  private absent(name: string, path: Path, message: string, hint: string): string {
    const finding: Finding = { code: 'config.secret', path, at: 'value', message, hint };
    return this.sources.standIns?.take(name, finding) ?? this.miss(path, message, hint);
  }

  private miss(path: Path, message: string, hint: string): string {
    this.findings.push({ code: 'config.secret', path, at: 'value', message, hint });
    return '';
  }

  /** Whether the value at a path is not what the file says there. */
  has(path: Path): boolean {
    return this.substitutions.has(formatPath(path));
  }

  /** A finding as it may be shown; nothing when it only follows from a secret that could not be read. */
  shown(finding: Finding): Finding | undefined {
    if (finding.code === 'config.secret') return finding;
    const needed = this.sources.standIns?.becomesNeeded(finding.path);
    if (needed !== undefined) return needed.finding;
    const { hint, ...rest } = finding;
    const substitution = this.substitutions.get(formatPath(finding.path));
    if (substitution !== undefined) {
      const { reference, text } = substitution;
      if (text === undefined) return undefined;
      return {
        ...rest,
        message: `${reference} gave: ${tells(finding.message, text) ? 'a value that is not valid here' : finding.message}`,
        ...(hint !== undefined && !tells(hint, text) && { hint }),
      };
    }
    return {
      ...rest,
      path: finding.path.map(step => (typeof step === 'string' ? this.without(step) : step)),
      message: this.without(finding.message),
      ...(hint !== undefined && { hint: this.without(hint) }),
    };
  }

  private without(text: string): string {
    let shown = text;
    for (const secret of this.hidden) shown = shown.replaceAll(secret, '•••');
    return shown;
  }
}

/** Whether a message gives away part of a secret. */
function tells(message: string, secret: string): boolean {
  if (secret.length <= TELLING) return message.includes(secret);
  for (let at = 0; at + TELLING <= secret.length; at++) {
    if (message.includes(secret.slice(at, at + TELLING))) return true;
  }
  return false;
}
