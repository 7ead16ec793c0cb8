/** How the process does that answers: read every few seconds, since no event tells of it. */

import type { ProcessState } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { OTHERS_EVERY_MS, useReadingAgain } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { shownBytes } from '../parts/bytes.ts'
import { shownDuration } from '../parts/durations.ts'
import { Fact } from '../parts/fact.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'

export function Process() {
  const state = useResource('process', { load: (signal) => read('/process', { signal }), concerns: () => false })
  useReadingAgain(state, OTHERS_EVERY_MS)
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
  const { activeExecutions, activeAttempts, waitingTasks, slots, freeSlots, activePolls, oldestDueMs } = gauges
  return (
    <dl class="fact-grid">
      <Fact name="Process">
        {pid}, Node {node}
      </Fact>
      <Fact name="Running for">{shownDuration(uptimeMs)}</Fact>
      <Fact name="Memory">
        {shownBytes(memory.residentBytes)}{' '}
        <span class="faint">including {shownBytes(memory.heapBytes)} of JavaScript heap</span>
      </Fact>
      <Fact name="Executions">{activeExecutions} active</Fact>
      <Fact name="Tasks">
        {activeAttempts} running, {waitingTasks} waiting{' '}
        <span class="faint">
          {freeSlots} of {slots} slots free
        </span>
      </Fact>
      <Fact name="Polls">
        {activePolls} in progress{' '}
        <span class="faint">{oldestDueMs < 1 ? 'none late' : `${shownDuration(oldestDueMs)} late`}</span>
      </Fact>
      <Fact name="Store">
        {store.commits.toLocaleString('en')} commits{' '}
        <span class="faint">{shownDuration(store.meanCommitMs)} on average</span>
      </Fact>
      <Fact name="Refused operations, lock conflicts">
        {store.refused}, {store.locked}
      </Fact>
    </dl>
  )
}

function Interpreters({ state: { interpreters, restarts } }: { readonly state: ProcessState }) {
  const { died, ceiling, idle } = restarts
  return (
    <>
      <div class="section-row">
        <h2>Interpreters</h2>
        <span class="small faint">
          replaced: {died} died, {ceiling} near a limit, {idle} idle
        </span>
      </div>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Interpreter</th>
              <th scope="col">Python</th>
              <th scope="col">State</th>
              <th scope="col" class="number">
                Memory
              </th>
            </tr>
          </thead>
          <tbody>
            {interpreters.map(({ name, python, state, residentBytes }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{python}</td>
                <td>
                  <span class={`state ${state === 'live' ? 'good' : 'busy'}`}>{state}</span>
                </td>
                <td class="number">{residentBytes === null ? '' : shownBytes(residentBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function SlowTriggers({ state: { slowTriggers } }: { readonly state: ProcessState }) {
  if (slowTriggers.length === 0) return null
  return (
    <>
      <div class="section-row">
        <h2>Slowest triggers</h2>
        <span class="small faint">since the engine started</span>
      </div>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Trigger</th>
              <th scope="col" class="number">
                Polls
              </th>
              <th scope="col" class="number">
                Mean duration
              </th>
              <th scope="col" class="number">
                Mean lateness
              </th>
            </tr>
          </thead>
          <tbody>
            {slowTriggers.map(({ trigger, polls, meanMs, meanLatenessMs }) => (
              <tr key={trigger}>
                <th scope="row">
                  <Link to={addressFor('triggers', trigger)}>{trigger}</Link>
                </th>
                <td class="number">{polls.toLocaleString('en')}</td>
                <td class="number">{shownDuration(meanMs)}</td>
                <td class="number">{shownDuration(meanLatenessMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}
