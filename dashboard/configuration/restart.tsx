import { Chip } from '../ui/parts.js';

/** Settings that are read once, when Weir starts, and are to be others than it has started with. */
export function Restart({ settings }: { settings: readonly string[] }) {
  if (settings.length === 0) return null;
  return (
    <p class="restart">
      <Chip tone="warn">restart</Chip>
      <span>
        {settings.map((setting, i) => (
          <>
            {i === 0 ? '' : i === settings.length - 1 ? ' and ' : ', '}
            <code>{setting}</code>
          </>
        ))}{' '}
        {settings.length === 1 ? 'comes' : 'come'} into force when Weir is started again.
      </span>
    </p>
  );
}
