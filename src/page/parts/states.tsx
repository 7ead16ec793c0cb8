/** States of executions and tasks: their words and their colours, which are the same everywhere. */

import type { ExecutionRow, ExecutionStatus, TaskStatus } from '../api/answers.ts'
import type { Tone } from './tones.ts'

export type State = ExecutionStatus | TaskStatus

const TONES: Readonly<Record<State, Tone>> = {
  Pending: 'quiet',
  NotStarted: 'quiet',
  Ready: 'quiet',
  Running: 'busy',
  Paused: 'warn',
  Completed: 'good',
  Failed: 'bad',
  Skipped: 'quiet',
  Cancelled: 'quiet',
}

const WORDS: Readonly<Partial<Record<State, string>>> = { NotStarted: 'Not started' }

export const EXECUTION_STATUSES: readonly ExecutionStatus[] = [
  'Pending',
  'Running',
  'Paused',
  'Completed',
  'Failed',
  'Cancelled',
]

export function toneOf(state: State): Tone {
  return TONES[state]
}

export function StateBadge({ state }: { readonly state: State }) {
  return <span class={`state ${toneOf(state)}`}>{WORDS[state] ?? state}</span>
}

/** Returns what an execution that nobody runs waits for, or null. */
export function waitWords({ waitingFor }: Pick<ExecutionRow, 'waitingFor'>): string | null {
  return waitingFor === null ? null : `waiting for an engine that has workflow ${waitingFor.workflow}`
}

/** True for those that an execution does not leave. */
export function hasEnded(status: ExecutionStatus): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Cancelled'
}

/** The beginning of an id, by which the engine knows it as well. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}
