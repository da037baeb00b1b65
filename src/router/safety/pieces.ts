import type { ContentPart, InferenceRequest, Message, Role } from '#contract/request.js';

/** Text of a request, by who is behind it. */
export interface SafetyPiece {
  /** `user`: what a user says. `content`: what was retrieved or what a tool gave, which may be of a stranger's making. */
  readonly from: 'user' | 'content';
  readonly text: string;
  /** Which of the user's turns it is, from 0; of content, the turn that it came in. */
  readonly turn: number;
  /** The texts that `text` is joined of by line ends, where a request has more of them than are looked at one by one. */
  readonly parts?: readonly string[];
}

export type SafetyScope = 'last_user' | 'user' | 'content' | 'all';

/** Most pieces of a request that are looked at: each may take passes of the transformer. */
const MOST_PIECES = 256;
/** Of more pieces, the newest that are looked at one by one; what is older is looked at together, for else a flood of parts would hide what came before it. */
const ONE_BY_ONE = 128;
/** Characters that are looked at together. */
const TOGETHER = 65_536;

/** The parts of a conversation, each with the user's turn that it belongs to: an answer to the turn that it answers, -1 before the first. */
export function* partsByTurn(messages: readonly Message[]): Generator<{
  readonly role: Role;
  readonly part: ContentPart;
  readonly turn: number;
}> {
  let turn = -1;
  let open = false;
  for (const { role, content } of messages) {
    if (role === 'assistant') open = false;
    for (const part of content) {
      if (part.type === 'text' && role === 'user' && part.retrieved === undefined) {
        if (!open) turn++;
        open = true;
      }
      yield { role, part, turn };
    }
  }
}

/** What users said, what they showed and what tools gave, in order: each text as it came, for that is what is changed. */
export function safetyPieces({ messages }: InferenceRequest): readonly SafetyPiece[] {
  const pieces: SafetyPiece[] = [];
  for (const { role, part, turn } of partsByTurn(messages)) {
    if (part.type !== 'tool_result' && part.type !== 'text') continue;
    const given = part.type === 'tool_result' || role === 'tool' || part.retrieved === true;
    if (!given && role !== 'user') continue;
    for (const text of part.texts ?? [part.text]) {
      if (text === '') continue;
      pieces.push(given ? { from: 'content', text, turn: Math.max(0, turn) } : { from: 'user', text, turn });
    }
  }
  if (pieces.length <= MOST_PIECES) return pieces;
  const newest = pieces.splice(-ONE_BY_ONE);
  return [...together(pieces), ...newest].slice(-MOST_PIECES);
}

/** Pieces joined: content with content, what a user says with what else was said in the turn, and turns with one another only where there are too many of them. */
function together(pieces: readonly SafetyPiece[]): SafetyPiece[] {
  const said: SafetyPiece[] = [];
  const given: SafetyPiece[] = [];
  for (const list of grouped(pieces).values()) (list[0]!.from === 'user' ? said : given).push(...joined(list));
  const room = Math.max(0, MOST_PIECES - ONE_BY_ONE - given.length);
  if (said.length <= room) return [...said, ...given];
  const newer = Math.floor(room / 2);
  return [...joined(said.slice(0, said.length - newer)), ...said.slice(said.length - newer), ...given];
}

/** Pieces of one kind as few, of the turn of the last of them. */
function joined(pieces: readonly SafetyPiece[]): SafetyPiece[] {
  const { from, turn } = pieces.at(-1)!;
  const texts = pieces.flatMap(({ text, parts }) => parts ?? [text]);
  return inBounds(texts).map(parts => ({ from, turn, text: parts.join('\n'), parts }));
}

function grouped(pieces: readonly SafetyPiece[]): ReadonlyMap<number, SafetyPiece[]> {
  const groups = new Map<number, SafetyPiece[]>();
  for (const piece of pieces) {
    const key = piece.from === 'user' ? piece.turn : -1;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [piece]);
    else known.push(piece);
  }
  return groups;
}

function inBounds(texts: readonly string[]): string[][] {
  const lists: string[][] = [];
  let chars = TOGETHER;
  for (const text of texts) {
    if (chars + text.length > TOGETHER) {
      lists.push([]);
      chars = 0;
    }
    lists.at(-1)!.push(text);
    chars += text.length + 1;
  }
  return lists;
}

/** Those of a scope; `last_user` is all that the user has said since the last answer. */
export function piecesIn(pieces: readonly SafetyPiece[], scope: SafetyScope): readonly SafetyPiece[] {
  if (scope === 'all') return pieces;
  if (scope !== 'last_user') return pieces.filter(({ from }) => from === scope);
  const last = pieces.findLast(({ from }) => from === 'user');
  return last === undefined ? [] : pieces.filter(({ from, turn }) => from === 'user' && turn === last.turn);
}
