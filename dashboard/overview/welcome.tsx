import { type Answer, call } from '../api/client.js';
import { counted } from '../format.js';
import { useResource } from '../ui/resource.js';
import { link } from '../ui/routing.js';

/** Says that this is the demonstration, and what of one's own could take its place. Only an administrator may look for that. */
export function Welcome({ looks }: { looks: boolean }) {
  const discovery = useResource(`welcome ${looks}`, async signal =>
    looks ? await call('GET /api/discovery', { signal }) : undefined,
  );
  const found = discovery.value === undefined ? [] : foundIn(discovery.value);
  return (
    <p class="callout">
      This is the demonstration: simulated engines, real routing.{' '}
      {found.length === 0 ? undefined : `Found beside it: ${found.join(', ')}. `}
      <a href={link('setup')}>Connect your own models</a>
    </p>
  );
}

function foundIn({ engines, keys }: Answer<'GET /api/discovery'>): readonly string[] {
  return [
    ...engines.map(({ name, models }) => `${name} with ${counted(models.length, 'model')}`),
    ...keys.map(({ provider }) => `a key of ${provider}`),
  ];
}
