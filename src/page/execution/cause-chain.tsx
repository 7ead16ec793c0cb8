/** Where an execution comes from, and what became of it: firing → execution → what tried it again. */

import type { Execution, ExecutionRow } from '../api/answers.ts'
import { read } from '../api/client.ts'
import type { Resource } from '../live/resource.ts'
import { useResource } from '../live/resource.ts'
import { StateBadge, shortId } from '../parts/states.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'

/** An execution may be tried again and again. */
const STEPS_BACK = 5

interface Chain {
  /** The first one comes first. */
  readonly before: readonly Execution[]
  readonly retries: readonly ExecutionRow[]
}

export function CauseChain({ execution }: { readonly execution: Execution }) {
  const chain: Resource<Chain> = useResource(`chain ${execution.id}`, {
    load: async (signal) => {
      const [before, retries] = await Promise.all([
        earlier(execution, signal),
        read('/executions', { query: { retryOf: execution.id, limit: 20 }, signal }),
      ])
      return { before, retries: retries.items.toReversed() }
    },
    concerns: ({ name }) => name === 'executionStarted' || name === 'executionFinished',
  })
  const { before, retries } = chain.value.value ?? { before: [], retries: [] }
  const origin = (before[0] ?? execution).origin
  return (
    <nav class="chain" aria-label="Where it comes from">
      <Origin origin={origin} isHidden={before[0]?.retryOf != null} />
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

function Origin({ origin, isHidden }: { readonly origin: Execution['origin']; readonly isHidden: boolean }) {
  if (isHidden) return <span class="step faint">…</span>
  if (origin.kind === 'call') return <span class="step faint">a call</span>
  return (
    <>
      <span class="step">
        <Starter origin={origin} />
      </span>
      <span class="step">
        <span class="faint">firing </span>
        <code title={origin.firingId}>{shortId(origin.firingId)}</code>
      </span>
    </>
  )
}

function Starter({ origin }: { readonly origin: Exclude<Execution['origin'], { readonly kind: 'call' }> }) {
  if (origin.kind === 'reactor') {
    return (
      <>
        <span class="faint">reactor </span>
        {origin.reactor}
      </>
    )
  }
  const isTrigger = origin.kind === 'trigger'
  return (
    <>
      <span class="faint">{isTrigger ? 'trigger' : 'schedule'} </span>
      <Link to={isTrigger ? addressFor('triggers', origin.trigger) : '/schedules'}>
        {isTrigger ? origin.trigger : shortId(origin.scheduleId)}
      </Link>
    </>
  )
}

async function earlier({ retryOf }: Execution, signal: AbortSignal): Promise<readonly Execution[]> {
  const found: Execution[] = []
  let next = retryOf
  while (next !== null && found.length < STEPS_BACK) {
    // The original may be gone, as old ones are: the rest of the chain is shown without it.
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
