import type { PlanFiles } from '../api/types.js';
import { Panel } from '../ui/parts.js';

/** The planned fleet as files, to read, copy and keep. */
export function PlanFilesPanel({ files }: { files: PlanFiles['files'] }) {
  if (files.length === 0) return undefined;
  return (
    <Panel title="As files" id="plan-files">
      <p class="hint">
        What weir plan --emit writes: a weir.yaml with these pools, and manifests for Kubernetes that serve them with
        vLLM. Nothing of it is put in force.
      </p>
      {files.map(({ path, text }) => (
        <details key={path} class="simulated-file">
          <summary>{path}</summary>
          <textarea rows={14} readOnly spellcheck={false} aria-label={path} value={text} />
          <button type="button" onClick={() => save(path, text)}>
            Save {path}
          </button>
        </details>
      ))}
    </Panel>
  );
}

function save(path: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/yaml' }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = path.slice(path.lastIndexOf('/') + 1);
  anchor.click();
  URL.revokeObjectURL(url);
}
