/** One source: its counters, its events, and the firings that an event caused. */

import type { Source, SourceEvent } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Fact } from '../parts/fact.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, query } from '../routing/location.ts'
import type { ScreenProps } from '../routing/screen-props.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { eventRateText, sourceKindText, storedText } from './words.ts'

const SHOWN_EVENTS = 50

interface Parts {
  readonly source: Source
  readonly events: readonly SourceEvent[]
}

export function SourceScreen({ params: [name = ''] }: ScreenProps) {
  const event = query.value.get('event')
  const sequence = event !== null && /^\d{1,15}$/.test(event) ? Number(event) : null
  const parts = useResource<Parts>(`source ${name} ${sequence}`, {
    load: async (signal) => {
      const path = { name }
      const cursor = sequence === null ? undefined : String(sequence + 10)
      const [source, events] = await Promise.all([
        read('/sources/{name}', { path, signal }),
        read('/sources/{name}/events', { path, query: { limit: SHOWN_EVENTS, cursor }, signal }),
      ])
      return { source, events: events.items }
    },
    concerns: ({ name: of }) => of === 'graphs',
  })
  usePolling(parts, OTHERS_EVERY_MS)
  return (
    <main>
      <p class="crumbs">
        <Link to="/reactors">Reactors</Link>
      </p>
      <Loaded resource={parts} what={`source "${name}"`}>
        {({ source, events }) => (
          <>
            <h1>{source.name}</h1>
            {source.description !== '' && <p class="description">{source.description}</p>}
            <Facts source={source} />
            {sequence !== null && <LedTo key={sequence} name={name} sequence={sequence} />}
            <h2>Events</h2>
            <Events events={events} chosen={sequence} />
          </>
        )}
      </Loaded>
    </main>
  )
}

function Facts({ source }: { readonly source: Source }) {
  const { lastSequence, waiting, limit, dropped, refused, failed, lastValueText, lastValueLength, lastValueAt } = source
  return (
    <dl class="fact-grid">
      <Fact name="Kind">{sourceKindText(source)}</Fact>
      <Fact name="Events">
        {lastSequence.toLocaleString('en')}, <Time at={source.lastEventAt} />
      </Fact>
      <Fact name="Rate in the last hour">{eventRateText(source)}</Fact>
      <Fact name="Waiting">
        {waiting.toLocaleString('en')} of at most {limit.toLocaleString('en')}
      </Fact>
      <Fact name="Dropped, refused, failed">
        {[dropped, refused, failed].map((count) => count.toLocaleString('en')).join(', ')}
      </Fact>
      <Fact name="Served">
        {source.owner !== null ? (
          'yes'
        ) : (
          <span class="warn-ink">no: events wait until an engine serves the source</span>
        )}
      </Fact>
      <Fact name="Last value">
        {lastValueLength === null ? (
          <span class="faint">none yet</span>
        ) : (
          <>
            <code class="clamp">{storedText(lastValueText, lastValueLength)}</code> <Time at={lastValueAt} />
          </>
        )}
      </Fact>
      {source.lastError !== null && (
        <Fact name="Last error">
          <details class="error">
            <summary class="bad-ink">
              {source.lastError.type}: {source.lastError.message}, <Time at={source.lastErrorAt} />
            </summary>
            <pre class="value">{source.lastError.traceback}</pre>
          </details>
        </Fact>
      )}
    </dl>
  )
}

function LedTo({ name, sequence }: { readonly name: string; readonly sequence: number }) {
  const firings = useResource(`led to ${name} ${sequence}`, {
    load: (signal) =>
      read('/sources/{name}/events/{sequence}/firings', { path: { name, sequence: String(sequence) }, signal }),
    concerns: (event) => event.name === 'graphs',
  })
  return (
    <section class="panel" aria-label="Firings of the event">
      <h2>Event {sequence}</h2>
      <Loaded resource={firings} what="the firings of the event">
        {({ items }) =>
          items.length === 0 ? (
            <p class="faint">
              No stored firing includes this event. Possible reasons: the event is still queued, it was dropped, its
              processing failed, or the reactor still needs a value from another source.
            </p>
          ) : (
            <p class="progress">
              Caused{' '}
              {items.map((firing) => (
                <Link key={firing.id} to={`${addressFor('reactors', firing.reactor)}?firing=${firing.id}`}>
                  firing {firing.sequence} of {firing.reactor}
                </Link>
              ))}
            </p>
          )
        }
      </Loaded>
    </section>
  )
}

const COLUMNS: readonly Column<SourceEvent>[] = [
  {
    title: 'Event',
    class: 'number',
    width: '1%',
    isName: true,
    cell: ({ source, sequence }) => <Link to={`${addressFor('sources', source)}?event=${sequence}`}>{sequence}</Link>,
  },
  { title: 'Accepted', class: 'nowrap', cell: ({ acceptedAt }) => <Time at={acceptedAt} /> },
  {
    title: 'Content',
    class: 'cut',
    width: '60%',
    cell: ({ eventText, eventLength }) => <code>{storedText(eventText, eventLength)}</code>,
    tip: ({ eventText }) => eventText,
  },
]

function Events({ events, chosen }: { readonly events: readonly SourceEvent[]; readonly chosen: number | null }) {
  const list = useRowKeys()
  if (events.length === 0) return <p class="faint">No events are stored.</p>
  return (
    <Table
      class="events"
      list={list}
      items={events}
      columns={COLUMNS}
      keyOf={({ sequence }) => String(sequence)}
      rowClass={({ sequence }) => (sequence === chosen ? 'chosen' : '')}
    />
  )
}
