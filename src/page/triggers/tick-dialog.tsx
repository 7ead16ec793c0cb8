/** One tick with all that is kept of it. Which one stands in the URL (`tick`, `tickAt`). */

import type { Tick, TickDetail } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { useResource } from '../live/resource.ts'
import { Records } from '../log/records.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { shownDuration } from '../parts/durations.ts'
import { Loaded } from '../parts/loaded.tsx'
import { OutcomeBadge } from '../parts/outcomes.tsx'
import { exactTime } from '../parts/zone.ts'
import { Link } from '../routing/link.tsx'
import { addressFor, query, setQuery } from '../routing/location.ts'

/** What the URL needs for it. A run of skips goes on: it is found by any instant that it has lasted to. */
export function tickInUrl({ id, lastAt }: Pick<Tick, 'id' | 'lastAt'>): Readonly<Record<string, string>> {
  return { tick: id, tickAt: new Date(lastAt).toISOString() }
}

export function TickDialog({ name }: { readonly name: string }) {
  const [id, at] = ['tick', 'tickAt'].map((part) => query.value.get(part))
  if (!id || !at) return null
  return <Opened key={id} name={name} id={id} at={at} />
}

function Opened({ name, id, at }: { readonly name: string; readonly id: string; readonly at: string }) {
  const tick = useResource(`tick ${id}`, {
    load: (signal) => read('/triggers/{name}/ticks/{id}', { path: { name, id }, query: { at }, signal }),
    concerns: () => false,
  })
  return (
    <Dialog title={`Poll of ${name}`} isWide onClose={() => setQuery({ tick: null, tickAt: null })}>
      <Loaded resource={tick} what="the poll">
        {(value) => <Detail tick={value} />}
      </Loaded>
    </Dialog>
  )
}

function Detail({ tick }: { readonly tick: TickDetail }) {
  const { outcome, count, firstAt, lastAt, latenessMs, durationMs, reason, error, records, executionId } = tick
  return (
    <>
      <p>
        <OutcomeBadge outcome={outcome} /> {exactTime(Date.parse(firstAt))}
        {count > 1 && ` to ${exactTime(Date.parse(lastAt))}: ${count.toLocaleString('en')} polls with the same result`}
      </p>
      {reason !== null && <p>{reason}</p>}
      <p class="faint">
        {[
          durationMs !== null && `took ${count > 1 ? 'at most ' : ''}${shownDuration(durationMs)}`,
          latenessMs !== null && `started ${count > 1 ? 'at most ' : ''}${shownDuration(latenessMs)} late`,
        ]
          .filter((part) => part !== false)
          .join(', ')}
      </p>
      {executionId !== null && (
        <p>
          <Link to={addressFor('executions', executionId)}>
            {outcome === 'fired' ? 'Started execution' : 'Active execution'}
          </Link>
        </p>
      )}
      {error !== null && <pre class="bad">{error.traceback || `${error.type}: ${error.message}`}</pre>}
      <section>
        <h3>Log</h3>
        <Records records={records} />
      </section>
    </>
  )
}
