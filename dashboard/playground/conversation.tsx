import { useLayoutEffect, useRef } from 'preact/hooks';
import { count } from '../format.js';
import { useScrolls } from '../ui/scrollable.js';
import type { Lane, Turn } from './lane.js';

/** Within this many pixels of its end, a log counts as being read at its end and follows what is added. */
const NEAR_END_PX = 48;
/** Of a longer prompt only the beginning is shown. */
const MAX_SHOWN = 700;

/** What was said in a lane. */
export function Conversation({ lane, label }: { lane: Lane; label: string }) {
  const [log, scrolls] = useScrolls<HTMLDivElement>();
  const atEnd = useRef(true);
  const { turns, busy } = lane;
  const last = turns.at(-1);
  useLayoutEffect(() => {
    const element = log.current;
    if (element !== null && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [turns.length, last?.answer, last?.thoughts, last?.note]);
  return (
    <div
      ref={log}
      class="log"
      role="log"
      aria-live="polite"
      aria-busy={busy}
      aria-label={label}
      tabIndex={scrolls ? 0 : undefined}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
      }}
    >
      {turns.length === 0 ? (
        <p class="log-empty">
          Send a prompt and see which model answers it, on which replica, and why. Ask again in the same conversation
          and the replica finds the beginning of the prompt in its cache.
        </p>
      ) : (
        turns.map((turn, i) => <OneTurn key={i} turn={turn} writing={busy && i === turns.length - 1} />)
      )}
    </div>
  );
}

function OneTurn({ turn: { asked, answer, thoughts, note }, writing }: { turn: Turn; writing: boolean }) {
  return (
    <>
      <article class="turn asked">
        <h3>You</h3>
        <div class="words">{beginningOf(asked)}</div>
      </article>
      <article class="turn">
        <h3>Answer</h3>
        {thoughts === '' ? undefined : <div class="words thoughts">{thoughts}</div>}
        {answer === '' && !writing ? undefined : <div class={writing ? 'words writing' : 'words'}>{answer}</div>}
        {note === undefined ? undefined : (
          <p class={note.bad ? 'alert' : 'note'} role={note.bad ? 'alert' : undefined}>
            {note.text}
          </p>
        )}
      </article>
    </>
  );
}

function beginningOf(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}… (${count(text.length)} characters in all)`;
}
