/** Alerts of the database, newest first, and the results of their deliveries. */

import { useMemo } from 'preact/hooks'
import type { ListedAlert } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { PagedRows } from '../live/paged-rows.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { withoutAnsi } from '../log/ansi.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { OlderButton } from '../rows/older-button.tsx'
import { concernsAlerts, kindInWords } from './alert-words.ts'

const PAGE = 50

const STATE_TONES: Readonly<Record<ListedAlert['state'], string>> = {
  opened: 'bad',
  repeated: 'bad',
  recovered: 'good',
}
const OUTCOME_TONES: Readonly<Record<ListedAlert['deliveries'][number]['outcome'], string>> = {
  delivered: 'good',
  pending: 'busy',
  failed: 'bad',
}

const COLUMNS: readonly Column<ListedAlert>[] = [
  { title: 'Alert', isName: true, class: 'alert-text', cell: Message },
  { title: 'State', cell: ({ state }) => <span class={`state ${STATE_TONES[state]}`}>{state}</span> },
  { title: 'Sent', class: 'nowrap', cell: ({ at }) => <Time at={at} /> },
  { title: 'Deliveries', class: 'medium-only', cell: Deliveries },
]

export function AlertTable() {
  const list = useMemo(
    () =>
      new PagedRows<ListedAlert>((cursor, signal) =>
        read('/alerts', { query: { limit: PAGE, cursor }, ...(signal && { signal }) }),
      ),
    [],
  )
  const alerts = useResource('alerts', {
    load: async (signal) => {
      await list.loadNewest(signal)
      return list.rows
    },
    concerns: concernsAlerts,
  })
  usePolling(alerts, OTHERS_EVERY_MS)
  return (
    <section aria-label="Sent alerts">
      <div class="section-row">
        <h2>Sent alerts</h2>
      </div>
      <Loaded resource={alerts} what="the alerts">
        {(rows) => (rows.value.length === 0 ? <NoAlerts /> : <Rows alerts={rows.value} />)}
      </Loaded>
      <OlderButton list={list} what="alerts" />
    </section>
  )
}

function Rows({ alerts }: { readonly alerts: readonly ListedAlert[] }) {
  const list = useRowKeys()
  return <Table class="alerts" list={list} items={alerts} columns={COLUMNS} keyOf={({ id }) => id} />
}

function NoAlerts() {
  return (
    <p class="faint">
      No alert was sent. Alerts go to the receivers in the settings, such as <code>alerts.url</code> and{' '}
      <code>alerts.command</code>.
    </p>
  )
}

function Message({ kind, message, executionId, trigger, count }: ListedAlert) {
  const address =
    executionId !== null ? addressFor('executions', executionId) : trigger !== null && addressFor('triggers', trigger)
  const text = withoutAnsi(message)
  return (
    <>
      {address === false ? kindInWords(kind) : <Link to={address}>{kindInWords(kind)}</Link>}
      {count > 1 && <span class="faint"> {count.toLocaleString('en')} times</span>}
      <div class="small faint alert-message" title={text}>
        {text}
      </div>
    </>
  )
}

/** The receivers with their results, and the attempts and the last response of those that did not receive the alert. */
function Deliveries({ deliveries }: ListedAlert) {
  return (
    <>
      {deliveries.map(({ receiver, to, outcome, attempts, response, error }) => (
        <div key={`${receiver} ${to}`} class="small">
          {receiver} ({to}) <span class={`state ${OUTCOME_TONES[outcome]}`}>{outcome}</span>{' '}
          <span class="faint" title={error ?? ''}>
            {attempts === 1 ? '1 attempt' : `${attempts} attempts`}
            {(response ?? error) === null ? '' : `, ${response ?? error}`}
          </span>
        </div>
      ))}
    </>
  )
}
