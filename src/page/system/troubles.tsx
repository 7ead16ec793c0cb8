/** Problems: triggers that are late or fail, and executions that failed last. */

import type { Status } from '../api/answer-types.ts'
import { withoutAnsi } from '../log/ansi.ts'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, addressOfCron } from '../routing/location.ts'

export function SystemProblems({ status }: { readonly status: Status }) {
  const { triggers, lastFailures, subscriptions, waiting } = status
  const { degraded } = subscriptions
  const { late, failing, broken, undeclared } = triggers
  const lists = [late, failing, broken, undeclared, lastFailures, degraded, waiting]
  if (lists.every(({ length }) => length === 0)) {
    return <p class="all-well">Nothing is late, and nothing has failed.</p>
  }
  return (
    <div class="troubles">
      <Names
        title="Late"
        what={['has not been polled for two poll intervals', 'have not been polled for two poll intervals']}
        names={late}
      />
      <Names title="Failing" what={['failed at its last poll', 'failed at their last poll']} names={failing} />
      <Names
        title="Broken"
        what={[
          'has an invalid cron expression or time zone and never fires',
          'have an invalid cron expression or time zone and never fire',
        ]}
        names={broken}
        addressOf={addressOfCron}
      />
      <Names
        title="Not declared"
        what={['is not declared by any served script', 'are not declared by any served script']}
        names={undeclared}
        addressOf={(name) => `/triggers?state=not+declared&q=${encodeURIComponent(name)}`}
      />
      <Waiting waiting={waiting} />
      <Degraded degraded={degraded} />
      <LastFailures failures={lastFailures} />
    </div>
  )
}

function Waiting({ waiting }: { readonly waiting: Status['waiting'] }) {
  if (waiting.length === 0) return null
  return (
    <section>
      <h2>Waiting</h2>
      <ul>
        {waiting.map(({ waitingFor: { workflow }, executions }) => (
          <li key={workflow}>
            <p>
              {executions === 1 ? '1 execution is' : `${executions} executions are`} waiting for an engine that has
              workflow <Link to={`/executions?workflow=${encodeURIComponent(workflow)}`}>{workflow}</Link>
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Degraded({ degraded }: { readonly degraded: Status['subscriptions']['degraded'] }) {
  if (degraded.length === 0) return null
  return (
    <section>
      <h2>Degraded</h2>
      <p class="small faint">Subscriptions that start no executions because their predicate failed</p>
      <ul class="names">
        {degraded.slice(0, MAX_NAMES).map(({ reactor, workflow, tenant }) => (
          <li key={`${reactor} ${workflow} ${tenant}`}>
            <Link to={addressFor('reactors', reactor)}>
              {workflow} to {reactor}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

function LastFailures({ failures }: { readonly failures: Status['lastFailures'] }) {
  if (failures.length === 0) return null
  return (
    <section>
      <h2>Last failed executions</h2>
      <ul>
        {failures.map(({ id, workflow, endedAt, cause }) => (
          <li key={id} class="failure">
            <Link to={addressFor('executions', id)}>{workflow}</Link>
            <span class="faint">
              <Time at={endedAt} />
            </span>
            <span class="faint clamp">{withoutAnsi(cause ?? '')}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

const MAX_NAMES = 20

function Names({
  title,
  what,
  names,
  addressOf = (name) => addressFor('triggers', name),
}: {
  readonly title: string
  /** Singular and plural. */
  readonly what: readonly [string, string]
  readonly names: readonly string[]
  readonly addressOf?: (name: string) => string
}) {
  if (names.length === 0) return null
  return (
    <section>
      <h2>{title}</h2>
      <p class="small faint">{names.length === 1 ? `1 trigger ${what[0]}` : `${names.length} triggers ${what[1]}`}</p>
      <ul class="names">
        {names.slice(0, MAX_NAMES).map((name) => (
          <li key={name}>
            <Link to={addressOf(name)}>{name}</Link>
          </li>
        ))}
        {names.length > MAX_NAMES && <li class="faint">and {names.length - MAX_NAMES} more</li>}
      </ul>
    </section>
  )
}
