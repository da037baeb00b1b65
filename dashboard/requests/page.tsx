import type { PageProps } from '../app.js';
import { Story } from '../story/story.js';
import { Panel } from '../ui/parts.js';
import { link } from '../ui/routing.js';
import { Filters, filterOf } from './filters.js';
import { useRecords } from './records.js';
import { RequestsTable } from './table.js';

/** Requests as they end, and each one's story. */
export function RequestsPage({ place, state }: PageProps) {
  const filter = filterOf(place.query);
  const list = useRecords(filter);
  const { part: id } = place;
  return (
    <>
      <h1>Requests</h1>
      <div class={id === undefined ? 'requests-page' : 'requests-page with-story'}>
        <Panel
          title="Latest requests"
          id="latest"
          aside={
            <p class="hint" role="status" data-live={list.live}>
              {list.live === 'on' ? 'Live' : list.live === 'lost' ? 'Live view lost; trying again' : ''}
              {list.skipped > 0 ? ` · ${list.skipped} too fast to show` : ''}
            </p>
          }
        >
          <Filters filter={filter} state={state} part={id} />
          <RequestsTable list={list} filter={filter} current={id} />
        </Panel>
        {id === undefined ? undefined : (
          <Panel
            title="Story of the request"
            id="story"
            aside={
              <a class="button small" href={link('requests', undefined, filter)}>
                Close
              </a>
            }
          >
            <p class="id">{id}</p>
            <Story id={id} state={state} />
          </Panel>
        )}
      </div>
    </>
  );
}
