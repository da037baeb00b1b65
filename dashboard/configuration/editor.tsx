import { useEffect, useRef } from 'preact/hooks';

interface EditorProps {
  readonly text: string;
  readonly readOnly: boolean;
  readonly onChange: (text: string) => void;
  /** Where to put the cursor, from 1; a new object goes there again. */
  readonly at?: { readonly line: number; readonly column: number } | undefined;
}

/** A text field with line numbers. Tab leaves it, as in every form: two blanks are typed as two blanks. */
export function Editor({ text, readOnly, onChange, at }: EditorProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const numbers = useRef<HTMLPreElement>(null);
  useEffect(() => {
    const element = field.current;
    if (element === null || at === undefined) return;
    const lines = element.value.split('\n');
    const before = lines.slice(0, at.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    const from = before + Math.max(0, at.column - 1);
    element.focus();
    element.setSelectionRange(from, before + (lines[at.line - 1]?.length ?? 0));
    const height = element.scrollHeight / Math.max(1, lines.length);
    element.scrollTop = Math.max(0, (at.line - 6) * height);
  }, [at]);
  const count = text.split('\n').length;
  return (
    <div class="editor">
      <pre class="line-numbers" ref={numbers} aria-hidden="true">
        {Array.from({ length: count }, (_, i) => i + 1).join('\n')}
      </pre>
      <textarea
        ref={field}
        aria-label="weir.yaml"
        spellcheck={false}
        wrap="off"
        autocomplete="off"
        readOnly={readOnly}
        value={text}
        onInput={event => onChange(event.currentTarget.value)}
        onScroll={event => {
          if (numbers.current !== null) numbers.current.scrollTop = event.currentTarget.scrollTop;
        }}
      />
    </div>
  );
}
