/** The screen of open incidents, and of the alerts that were sent about incidents. */

import type { ListedIncident } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Age, Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { type Column, Table } from '../rows/column-table.tsx'
import { AlertTable } from './alert-table.tsx'
import { addressOfSubject, concernsAlerts, kindInWords } from './alert-words.ts'

const AT_MOST = 200

const COLUMNS: readonly Column<ListedIncident>[] = [
  { title: 'Incident', isName: true, class: 'alert-text', cell: Subject },
  { title: 'Failures', class: 'number', cell: ({ count }) => count.toLocaleString('en') },
  { title: 'Last failure', class: 'nowrap', cell: ({ lastAt }) => <Time at={lastAt} /> },
  { title: 'Open for', class: 'nowrap medium-only', cell: ({ openedAt }) => <Age since={openedAt} /> },
]

export function AlertsScreen() {
  const incidents = useResource('open incidents', {
    load: (signal) => read('/incidents', { query: { open: 'true', limit: AT_MOST }, signal }),
    concerns: concernsAlerts,
  })
  usePolling(incidents, OTHERS_EVERY_MS)
  return (
    <main>
      <h1>Alerts</h1>
      <section aria-label="Open incidents">
        <div class="section-row first">
          <h2>Open incidents</h2>
          <span class="small faint">An incident ends with the next success.</span>
        </div>
        <Loaded resource={incidents} what="the open incidents">
          {({ items, nextCursor }) =>
            items.length === 0 ? (
              <p class="all-well">No incident is open.</p>
            ) : (
              <>
                <Table class="alerts" label="Open incidents" items={items} columns={COLUMNS} keyOf={({ id }) => id} />
                {nextCursor !== null && (
                  <p class="faint">Only the {AT_MOST} incidents with the newest failures are shown.</p>
                )}
              </>
            )
          }
        </Loaded>
      </section>
      <AlertTable />
    </main>
  )
}

function Subject(incident: ListedIncident) {
  const address = addressOfSubject(incident)
  const name = incident.subject === '' ? 'the database' : incident.subject
  return (
    <>
      <span class="state bad">{kindInWords(incident.kind)}</span>{' '}
      {address === null ? name : <Link to={address}>{name}</Link>}
    </>
  )
}
