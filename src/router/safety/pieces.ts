import type { InferenceRequest } from '#contract/request.js';

/** Text of a request, by who is behind it. */
export interface SafetyPiece {
  /** `user`: what a user says. `content`: what was retrieved or what a tool gave, which may be of a stranger's making. */
  readonly from: 'user' | 'content';
  readonly text: string;
  /** Which of the user's turns it is, from 0; of content, the turn that it came in. */
  readonly turn: number;
}

export type SafetyScope = 'last_user' | 'user' | 'content' | 'all';

/** Most pieces of a request that are looked at, the newest. */
const MOST_PIECES = 256;

/** What users said and what tools gave, in order. */
export function safetyPieces({ messages }: InferenceRequest): readonly SafetyPiece[] {
  const pieces: SafetyPiece[] = [];
  let turn = -1;
  let open = false;
  for (const { role, content } of messages) {
    if (role === 'assistant') open = false;
    for (const part of content) {
      if (part.type === 'text' && role === 'user') {
        if (!open) turn++;
        open = true;
        if (part.text !== '') pieces.push({ from: 'user', text: part.text, turn });
      } else if (part.type === 'tool_result' || (part.type === 'text' && role === 'tool')) {
        if (part.text !== '') pieces.push({ from: 'content', text: part.text, turn: Math.max(0, turn) });
      }
    }
  }
  return pieces.length <= MOST_PIECES ? pieces : pieces.slice(-MOST_PIECES);
}

/** Those of a scope; `last_user` is all that the user has said since the last answer. */
export function piecesIn(pieces: readonly SafetyPiece[], scope: SafetyScope): readonly SafetyPiece[] {
  if (scope === 'all') return pieces;
  if (scope !== 'last_user') return pieces.filter(({ from }) => from === scope);
  const last = pieces.findLast(({ from }) => from === 'user');
  return last === undefined ? [] : pieces.filter(({ from, turn }) => from === 'user' && turn === last.turn);
}
