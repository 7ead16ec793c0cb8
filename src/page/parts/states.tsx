/** States of executions and tasks: texts and colours, the same everywhere. */

import { waitText } from '../../runner/records/wait-words.ts'
import type { ExecutionRow, ExecutionStatus, TaskStatus } from '../api/answer-types.ts'
import type { Tone } from './tones.ts'
import { dateAndTime } from './zone.ts'

export type State = ExecutionStatus | TaskStatus

const TONES: Readonly<Record<State, Tone>> = {
  Pending: 'quiet',
  NotStarted: 'quiet',
  Ready: 'quiet',
  Waiting: 'quiet',
  Running: 'busy',
  Paused: 'warn',
  Completed: 'good',
  Failed: 'bad',
  Skipped: 'quiet',
  Cancelled: 'quiet',
}

/** States whose name is not shown as it is stored. */
export const STATE_WORDS: Readonly<Partial<Record<State, string>>> = { NotStarted: 'Not started' }

export const EXECUTION_STATUSES: readonly ExecutionStatus[] = [
  'Pending',
  'Running',
  'Paused',
  'Completed',
  'Failed',
  'Cancelled',
]

export function stateTone(state: State): Tone {
  return TONES[state]
}

export function StateBadge({ state }: { readonly state: State }) {
  return <span class={`state ${stateTone(state)}`}>{STATE_WORDS[state] ?? state}</span>
}

/** Returns what an execution or a node waits for, since when, and until when; or null. */
export function waitWords({ waitingFor }: Pick<ExecutionRow, 'waitingFor'>): string | null {
  return waitingFor === null ? null : waitText(waitingFor, (at) => dateAndTime(Date.parse(at)))
}

/** Returns the cause of a failure, or the reason of a cancellation, or null. */
export function errorWords({ cause, errorMessage }: Pick<ExecutionRow, 'cause' | 'errorMessage'>): string | null {
  return cause ?? errorMessage
}

/** Returns true for final states. */
export function hasEnded(status: ExecutionStatus): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Cancelled'
}

/** Returns the beginning of an id, which the engine also accepts. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}
