/** State of the process that answers. Polled every few seconds, because no event reports it. */

import type { ProcessState } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { formatBytes } from '../parts/bytes.ts'
import { shownDuration } from '../parts/durations.ts'
import { Fact } from '../parts/fact.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'

export function Process() {
  const state = useResource('process', { load: (signal) => read('/process', { signal }), concerns: () => false })
  usePolling(state, OTHERS_EVERY_MS)
  return (
    <>
      <div class="section-row">
        <h2>This engine</h2>
      </div>
      <Loaded resource={state} what="the state of the engine">
        {(value) => (
          <>
            <Facts state={value} />
            <Interpreters state={value} />
            <SlowTriggers state={value} />
          </>
        )}
      </Loaded>
    </>
  )
}

function Facts({ state: { pid, node, uptimeMs, memory, now: gauges, store } }: { readonly state: ProcessState }) {
  const { activeExecutions, activeAttempts, waitingTasks, slots, freeSlots, activePolls, latestPollMs } = gauges
  return (
    <dl class="fact-grid two-facts">
      <Fact name="Process">
        id {pid}, Node {node}
      </Fact>
      <Fact name="Running for">{shownDuration(uptimeMs)}</Fact>
      <Fact name="Memory">
        {formatBytes(memory.residentBytes)}{' '}
        <span class="faint">(JavaScript heap: {formatBytes(memory.heapBytes)})</span>
      </Fact>
      <Fact name="Executions in progress">{activeExecutions}</Fact>
      <Fact name="Tasks running">
        {activeAttempts}{' '}
        <span class="faint">
          ({slots - freeSlots} of {slots} slots used)
        </span>
      </Fact>
      <Fact name="Tasks waiting for a slot">{waitingTasks}</Fact>
      <Fact name="Polls running">{activePolls}</Fact>
      <Fact name="Most delayed poll">
        {latestPollMs < 1 ? 'none is late' : <span class="bad">{shownDuration(latestPollMs)} late</span>}
      </Fact>
      <Fact name="Database writes since the start">
        {store.commits.toLocaleString('en')}{' '}
        <span class="faint">({shownDuration(store.meanCommitMs)} each on average)</span>
      </Fact>
      <Fact name="Reads and writes rejected by the database">
        <Count of={store.refused} />
      </Fact>
      <Fact name="Waits for the lock of another process">{store.locked.toLocaleString('en')}</Fact>
    </dl>
  )
}

/** Number of events that should not happen. */
function Count({ of }: { readonly of: number }) {
  return <span class={of > 0 ? 'bad' : ''}>{of.toLocaleString('en')}</span>
}

const INTERPRETERS: readonly Column<ProcessState['interpreters'][number]>[] = [
  { title: 'Interpreter', isName: true, cell: ({ name }) => name },
  { title: 'Python', cell: ({ python }) => python },
  { title: 'State', cell: ({ state }) => <span class={`state ${state === 'live' ? 'good' : 'busy'}`}>{state}</span> },
  {
    title: 'Memory',
    class: 'number',
    cell: ({ residentBytes }) => (residentBytes === null ? '' : formatBytes(residentBytes)),
  },
]

function Interpreters({ state: { interpreters, restarts } }: { readonly state: ProcessState }) {
  const { died, ceiling, idle } = restarts
  return (
    <>
      <div class="section-row">
        <h2>Interpreters</h2>
        <ul class="restarts small faint" aria-label="Restarts of interpreters since the engine started">
          <li>
            restarted after a crash: <Count of={died} />
          </li>
          <li>restarted before a limit of memory, files or threads: {ceiling.toLocaleString('en')}</li>
          <li>restarted because idle: {idle.toLocaleString('en')}</li>
        </ul>
      </div>
      <Table label="Interpreters" items={interpreters} columns={INTERPRETERS} keyOf={({ name }) => name} />
    </>
  )
}

const SLOW_TRIGGERS: readonly Column<ProcessState['slowTriggers'][number]>[] = [
  {
    title: 'Trigger',
    isName: true,
    cell: ({ trigger }) => <Link to={addressFor('triggers', trigger)}>{trigger}</Link>,
  },
  { title: 'Polls', class: 'number medium-only', cell: ({ polls }) => polls.toLocaleString('en') },
  { title: 'Average duration', class: 'number', cell: ({ meanMs }) => shownDuration(meanMs) },
  { title: 'Started late by (average)', class: 'number', cell: ({ meanLatenessMs }) => shownDuration(meanLatenessMs) },
]

function SlowTriggers({ state: { slowTriggers } }: { readonly state: ProcessState }) {
  if (slowTriggers.length === 0) return null
  return (
    <>
      <div class="section-row">
        <h2>Slowest triggers</h2>
        <span class="small faint">since the engine started</span>
      </div>
      <Table class="figures" items={slowTriggers} columns={SLOW_TRIGGERS} keyOf={({ trigger }) => trigger} />
    </>
  )
}
