interface CatalogueFieldProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
}

/** GPUs and models of one's own, whose rows go before the built-in ones. */
export function CatalogueField({ text, onChange }: CatalogueFieldProps) {
  return (
    <details class="simulated-file">
      <summary>{text.trim() === '' ? 'With the built-in GPUs and models' : 'With GPUs and models of your own'}</summary>
      <label class="field">
        <span>A catalogue whose rows go before the built-in ones: YAML or JSON</span>
        <textarea rows={8} spellcheck={false} value={text} onInput={event => onChange(event.currentTarget.value)} />
      </label>
    </details>
  );
}
