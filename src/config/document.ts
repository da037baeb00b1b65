// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables in weir.yaml look like that.
import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
} from 'yaml';
import type { Finding, Path } from './problem.js';

/** Longest configuration that is read. */
export const MOST_BYTES = 4 * 1024 * 1024;
/** Most values in a configuration, each use of an alias counted. */
const MOST_VALUES = 200_000;
const DEEPEST = 64;

/** A place in a text, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A configuration as it was written: its plain value, where each part of it stands, and what is wrong with its YAML. */
export interface SourceDocument {
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Syntax errors, which have a place in the text but none in the value. */
  readonly errors: readonly { readonly message: string; readonly position: Position; readonly hint?: string }[];
  /** Where a value or its key stands; of a path that does not exist, where the nearest part of it that does exist stands. */
  locate(path: Path, at: 'key' | 'value', offset?: number): Position | undefined;
}

/**
 * Parses YAML 1.2 (core schema, one document). Never throws: what is wrong with the text is in the result.
 *
 * @param substitute what a text value stands for: where secrets are put in.
 */
export function readDocument(text: string, substitute: (text: string, path: Path) => string): SourceDocument {
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (Buffer.byteLength(text) > MOST_BYTES) {
    const message = `the file is longer than ${MOST_BYTES / 1024 / 1024} MiB`;
    return { value: undefined, findings: [], errors: [{ message, position: position(0) }], locate: () => undefined };
  }
  // Duplicate keys are found below: the parser's own search takes quadratic time.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, version: '1.2' });
  const errors = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    message: code === 'RESOURCE_EXHAUSTION' ? 'nested too deep' : firstLine(message),
    position: position(pos[0]),
    ...hintFor(code, text, pos[0]),
  }));
  const reader = new Reader(substitute);
  const value = errors.length === 0 ? reader.read(document.contents, [], 0) : undefined;
  return {
    value,
    findings: reader.findings,
    errors,
    locate: (path, at, inside = 0) => {
      const start = locate(document.contents, path, at, reader.aliases);
      return start === undefined ? undefined : position(inside === 0 ? start : within(text, start, inside));
    },
  };
}

/** Turns nodes into plain values, within bounds. */
class Reader {
  readonly findings: Finding[] = [];
  /** What each alias stands for. The parser's own search for it takes time in proportion to the document. */
  readonly aliases = new Map<Alias, Node>();
  private readonly anchors = new Map<string, Node>();
  private values = 0;
  private exhausted = false;

  constructor(private readonly substitute: (text: string, path: Path) => string) {}

  read(node: unknown, path: Path, depth: number): unknown {
    if (this.exhausted) return undefined;
    if (++this.values > MOST_VALUES || depth > DEEPEST) {
      this.exhausted = true;
      const message = depth > DEEPEST ? `nested deeper than ${DEEPEST} levels` : `more than ${MOST_VALUES} values`;
      this.findings.push({ code: 'config.syntax', path: path.slice(0, 8), at: 'value', message });
      return undefined;
    }
    if (isAlias(node)) return this.read(this.resolve(node), path, depth + 1);
    if (isNode(node) && node.anchor !== undefined) this.anchors.set(node.anchor, node);
    if (isScalar(node)) {
      return typeof node.value === 'string' ? this.substitute(node.value, path) : (node.value ?? undefined);
    }
    if (isSeq(node)) return node.items.map((item, index) => this.read(item, [...path, index], depth + 1) ?? null);
    return isMap(node) ? this.readMap(node.items, path, depth) : undefined;
  }

  /** An alias stands for the last node before it that has its anchor. */
  private resolve(alias: Alias): Node | undefined {
    const known = this.aliases.get(alias) ?? this.anchors.get(alias.source);
    if (known !== undefined) this.aliases.set(alias, known);
    return known;
  }

  /** A key with nothing after it counts as absent: what is left of a block whose lines were all commented out. */
  private readMap(items: readonly { key: unknown; value: unknown }[], path: Path, depth: number): unknown {
    const entries = new Map<string, unknown>();
    const seen = new Set<string>();
    for (const { key: keyNode, value: valueNode } of items) {
      const key = keyOf(keyNode);
      if (key === undefined) {
        this.findings.push({ code: 'config.syntax', path, at: 'value', message: 'a key is not plain text' });
        continue;
      }
      const inner = [...path, key];
      if (seen.has(key)) {
        this.findings.push({
          code: 'config.duplicate',
          path: inner,
          at: 'key',
          message: `${JSON.stringify(shorten(key))} stands twice here`,
          hint: 'remove or rename one of the two',
        });
        continue;
      }
      seen.add(key);
      const value = this.read(valueNode, inner, depth + 1);
      if (value !== undefined) entries.set(key, value);
    }
    return Object.fromEntries(entries);
  }
}

function hintFor(code: string, text: string, offset: number): { readonly hint?: string } {
  if (code === 'TAB_AS_INDENT') return { hint: 'indent with spaces' };
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset + 1);
  return /[^"'$]\$\{/.test(line) ? { hint: 'between braces, ${NAME} needs quotes: "${NAME}"' } : {};
}

function keyOf(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined;
  const { value } = node;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function locate(root: unknown, path: Path, at: 'key' | 'value', aliases: ReadonlyMap<Alias, Node>): number | undefined {
  let node = root;
  let key: unknown;
  for (const [index, step] of path.entries()) {
    const parent = isAlias(node) ? aliases.get(node) : node;
    let next: { key?: unknown; value: unknown } | undefined;
    if (isMap(parent)) {
      // Of keys that stand twice it is the last that is wrong.
      next = parent.items.findLast(item => keyOf(item.key) === String(step));
    } else if (isSeq(parent) && typeof step === 'number' && step in parent.items) next = { value: parent.items[step] };
    // What is absent is missed where the mapping that lacks it begins.
    if (next === undefined) return index === 0 ? offsetOf(node) : (offsetOf(key) ?? offsetOf(node));
    key = next.key;
    node = next.value;
  }
  return at === 'key' ? (offsetOf(key) ?? offsetOf(node)) : (offsetOf(node) ?? offsetOf(key));
}

/** Where a character of a text value stands: exact for one that is written on one line, without escapes before it. */
function within(text: string, start: number, offset: number): number {
  const first = text.charAt(start);
  if (first === '|' || first === '>') return start;
  const begin = first === '"' || first === "'" ? start + 1 : start;
  return /[\n\\]/.test(text.slice(begin, begin + offset)) ? start : begin + offset;
}

/** Where a node begins in the text; nothing for what is not written out, such as the value of `key:`. */
function offsetOf(node: unknown): number | undefined {
  const { range } = (node ?? {}) as Partial<Node>;
  if (range === undefined || range === null) return undefined;
  const unwritten = node instanceof Scalar && node.value === null && range[0] === range[1];
  return unwritten ? undefined : range[0];
}

function firstLine(message: string): string {
  return shorten(message.split('\n', 1)[0] ?? '');
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
