/** Actions in words: the kind, the interface that it came through, and a link to its target. */

import type { ListedAction } from '../api/answer-types.ts'
import { shortId } from '../parts/states.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'

const ACTORS: Readonly<Record<ListedAction['source'], string>> = {
  cli: 'Command line',
  http: 'Page or HTTP',
  node: 'Node',
  python: 'Python',
  engine: 'Engine',
}

const SECTIONS: Readonly<Partial<Record<ListedAction['targetKind'], string>>> = {
  ...{ execution: 'executions', trigger: 'triggers', schedule: 'schedules', workflow: 'workflows' },
  ...{ reactor: 'reactors', approval: 'approvals' },
}

const WITH_IDS: readonly ListedAction['targetKind'][] = ['execution', 'schedule', 'approval', 'subscription']

export function actorInWords(source: ListedAction['source']): string {
  return ACTORS[source]
}

/** Kind and name of the target. Limits are on the screen of the system, and subscriptions on that of reactors. */
export function Target({ kind, targetKind, targetName }: ListedAction) {
  if (targetKind === 'executions') return <>all ended executions</>
  const name = WITH_IDS.includes(targetKind) ? shortId(targetName) : targetName
  const address = addressOfTarget(kind, targetKind, targetName)
  return (
    <>
      <span class="faint">{targetKind}</span>{' '}
      {address === null ? (
        name
      ) : (
        <Link to={address} title={targetName}>
          {name}
        </Link>
      )}
    </>
  )
}

/** A deleted trigger or schedule has no screen any more. */
function addressOfTarget(kind: string, targetKind: ListedAction['targetKind'], name: string): string | null {
  if (kind === 'delete') return null
  if (targetKind === 'limit') return '/system'
  if (targetKind === 'subscription') return '/reactors'
  const section = SECTIONS[targetKind]
  return section === undefined ? null : addressFor(section, name)
}

/** The first lines of the note. The whole note is under the mouse. */
export function Note({ note }: Pick<ListedAction, 'note'>) {
  if (note === null) return null
  return (
    <div class="action-note" title={note}>
      {note}
    </div>
  )
}

/** Whether the action was carried out. */
export function ActionOutcome({ answeredAt, isRefused, refusal }: ListedAction) {
  if (answeredAt === null) return <span class="state busy">waits for an engine</span>
  if (!isRefused) return <span class="state good">done</span>
  return (
    <>
      <span class="state bad">refused</span>
      {refusal !== null && <div class="small faint action-text">{refusal}</div>}
    </>
  )
}
