/** Details of one tick. Its id and time are in the URL (`tick`, `tickAt`). */

import type { Tick, TickDetail } from '../../api/answer-types.ts'
import { readText } from '../../api/client.ts'
import { MemberChanges } from '../../json/member-changes.tsx'
import { changesBetween, type MemberChange, objectMembers } from '../../json/object-members.ts'
import { useResource } from '../../live/resource.ts'
import { Records } from '../../log/records.tsx'
import { Dialog } from '../../overlays/dialog.tsx'
import { shownDuration } from '../../parts/durations.ts'
import { Loaded } from '../../parts/loaded.tsx'
import { OutcomeBadge } from '../../parts/outcome-badge.tsx'
import { exactTime } from '../../parts/zone.ts'
import { query, setQuery } from '../../routing/location.ts'
import { firingsInWords, TickExecutions } from './tick-executions.tsx'

/** Returns the query for a tick. A run of skips grows, and is found by any time until which it lasted. */
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
    load: async (signal) =>
      shownTick(await readText('/triggers/{name}/ticks/{id}', { path: { name, id }, query: { at }, signal })),
    concerns: () => false,
  })
  return (
    <Dialog title={`Poll of ${name}`} isWide onClose={() => setQuery({ tick: null, tickAt: null })}>
      <Loaded resource={tick} what="the poll">
        {(value) => <Detail name={name} {...value} />}
      </Loaded>
    </Dialog>
  )
}

interface ShownTick {
  readonly tick: TickDetail
  /** Changes of the state; null if the poll did not change it. */
  readonly stateChanges: readonly MemberChange[] | null
}

/** The states are not parsed, so that their numbers stay exact. */
function shownTick(answer: string): ShownTick {
  const tick = JSON.parse(answer) as TickDetail
  const states = objectMembers(objectMembers(answer)?.get('stateChange') ?? '')
  const [before, after] = [states?.get('before'), states?.get('after')]
  return { tick, stateChanges: before === undefined || after === undefined ? null : changesBetween(before, after) }
}

function Detail({ name, tick, stateChanges }: ShownTick & { readonly name: string }) {
  const { outcome, count, firstAt, lastAt, latenessMs, durationMs, reason, error, records, firings } = tick
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
      {firings > 0 && (
        <p>
          {firingsInWords(tick)}{' '}
          <TickExecutions name={name} tick={tick}>
            {outcome === 'fired' ? 'Started execution' : 'Earlier execution'}
          </TickExecutions>
        </p>
      )}
      {error !== null && <pre class="bad">{error.traceback || `${error.type}: ${error.message}`}</pre>}
      {stateChanges !== null && (
        <section aria-label="State before and after">
          <h3>State before and after</h3>
          <MemberChanges changes={stateChanges} same="The members have only another order." />
        </section>
      )}
      {records.length > 0 && (
        <section>
          <h3>Log</h3>
          <Records records={records} />
        </section>
      )}
    </>
  )
}
