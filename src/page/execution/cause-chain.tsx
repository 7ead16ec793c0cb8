/** Origin and retries of an execution: firing → execution → its retries. */

import type { Execution, ExecutionRow, ReactorFiringDetail } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import type { Resource } from '../live/resource.ts'
import { useResource } from '../live/resource.ts'
import { StateBadge, shortId } from '../parts/states.tsx'
import { Causes } from '../reactors/causes.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, addressOfCron } from '../routing/location.ts'

/** Maximum number of earlier executions that are shown. */
const STEPS_BACK = 5

interface Chain {
  /** Executions that were retried, the first one first. */
  readonly before: readonly Execution[]
  readonly retries: readonly ExecutionRow[]
  /** Firing of the reactor that started the chain. Null: there is none, or it was removed. */
  readonly firing: ReactorFiringDetail | null
}

export function CauseChain({ execution }: { readonly execution: Execution }) {
  const chain: Resource<Chain> = useResource(`chain ${execution.id}`, {
    load: async (signal) => {
      const [before, retries] = await Promise.all([
        earlier(execution, signal),
        read('/executions', { query: { retryOf: execution.id, limit: 20 }, signal }),
      ])
      const firing = await firingOf((before[0] ?? execution).origin, signal)
      return { before, retries: retries.items.toReversed(), firing }
    },
    concerns: ({ name }) => name === 'executionStarted' || name === 'executionFinished',
  })
  const { before, retries, firing } = chain.value.value ?? { before: [], retries: [], firing: null }
  const origin = (before[0] ?? execution).origin
  return (
    <nav class="chain" aria-label="Origin">
      <Origin origin={origin} firing={firing} isHidden={before[0]?.retryOf != null} />
      {before.map((each) => (
        <Step key={each.id} row={each} />
      ))}
      <span class="step current" aria-current="true">
        <code>{shortId(execution.id)}</code> <StateBadge state={execution.status} />
      </span>
      {retries.length > 0 && (
        <span class="steps">
          {retries.map((row) => (
            <Step key={row.id} row={row} word="retry" />
          ))}
        </span>
      )}
    </nav>
  )
}

function Step({ row, word = '' }: { readonly row: Pick<ExecutionRow, 'id' | 'status'>; readonly word?: string }) {
  return (
    <span class="step">
      {word !== '' && <span class="faint">{word} </span>}
      <Link to={addressFor('executions', row.id)}>
        <code>{shortId(row.id)}</code>
      </Link>{' '}
      <StateBadge state={row.status} />
    </span>
  )
}

interface OriginProps {
  readonly origin: Execution['origin']
  readonly firing: ReactorFiringDetail | null
  readonly isHidden: boolean
}

function Origin({ origin, firing, isHidden }: OriginProps) {
  if (isHidden) return <span class="step faint">…</span>
  if (origin.kind === 'call') return <span class="step faint">API or CLI</span>
  if (origin.kind === 'child') {
    return (
      <span class="step">
        <span class="faint">task {origin.task} of </span>
        <Link to={addressFor('executions', origin.parent)}>{shortId(origin.parent)}</Link>
      </span>
    )
  }
  return (
    <>
      {firing !== null && firing.causes.length + (firing.byHand ?? '').length > 0 && (
        <span class="step">
          <Causes firing={firing} />
        </span>
      )}
      <span class="step">
        <Starter origin={origin} />
      </span>
      {origin.kind === 'backfill' || origin.kind === 'refire' ? (
        <span class="step">
          <span class="faint">{origin.kind} </span>
          <ShortId id={origin.kind === 'backfill' ? origin.backfillId : origin.refireId} />
        </span>
      ) : (
        <span class="step">
          <span class="faint">firing </span>
          <Firing origin={origin} firing={firing} />
        </span>
      )}
    </>
  )
}

interface FiringProps {
  readonly origin: { readonly firingId: string }
  readonly firing: ReactorFiringDetail | null
}

function Firing({ origin, firing }: FiringProps) {
  if (firing === null) return <ShortId id={origin.firingId} />
  return <Link to={`${addressFor('reactors', firing.reactor)}?firing=${firing.id}`}>{firing.sequence}</Link>
}

function ShortId({ id }: { readonly id: string }) {
  return <code title={id}>{shortId(id)}</code>
}

type FiringOrigin = Exclude<Execution['origin'], { readonly kind: 'call' | 'child' }>

function Starter({ origin }: { readonly origin: FiringOrigin }) {
  if (origin.kind === 'reactor') {
    return <Named what="reactor" name={origin.reactor} to={addressFor('reactors', origin.reactor)} />
  }
  if (origin.kind === 'trigger' || origin.kind === 'refire') {
    return <Named what="trigger" name={origin.trigger} to={addressFor('triggers', origin.trigger)} />
  }
  const schedule = origin.kind === 'backfill' ? origin.schedule : origin.scheduleId
  if (origin.trigger === null) return <Named what="schedule" name={shortId(schedule)} to="/schedules" />
  return <Named what="trigger" name={origin.trigger} to={addressOfCron(origin.trigger)} />
}

function Named({ what, name, to }: { readonly what: string; readonly name: string; readonly to: string }) {
  return (
    <>
      <span class="faint">{what} </span>
      <Link to={to}>{name}</Link>
    </>
  )
}

async function firingOf(origin: Execution['origin'], signal: AbortSignal): Promise<ReactorFiringDetail | null> {
  if (origin.kind !== 'reactor') return null
  return await read('/firings/{id}', { path: { id: origin.firingId }, signal }).catch((thrown: unknown) => {
    if (signal.aborted) throw thrown
    return null
  })
}

async function earlier({ retryOf }: Execution, signal: AbortSignal): Promise<readonly Execution[]> {
  const found: Execution[] = []
  let next = retryOf
  while (next !== null && found.length < STEPS_BACK) {
    const id = next
    const one = await read('/executions/{id}', { path: { id }, signal }).catch((thrown: unknown) => {
      if (signal.aborted) throw thrown
      return null
    })
    if (one === null) break
    found.unshift(one)
    next = one.retryOf
  }
  return found
}
