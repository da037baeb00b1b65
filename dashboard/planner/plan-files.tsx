import type { PlanFiles } from '../api/types.js';
import { Panel } from '../ui/parts.js';
import { save } from '../ui/save.js';

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
          <button type="button" onClick={() => save(path, text, 'text/yaml')}>
            Save {path}
          </button>
        </details>
      ))}
    </Panel>
  );
}
