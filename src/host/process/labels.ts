/** How logs, histories and back-offs name what is run in an interpreter. */

import type { TaskRequest } from '../../engine/ports.ts'

/** A script that is loaded. */
export function scriptLabel(script: string): string {
  return `script ${script}`
}

export function triggerLabel(trigger: string): string {
  return `trigger '${trigger}'`
}

export function taskLabel(task: { readonly taskId: string; readonly workflow: string }): string {
  return `task '${task.taskId}' of workflow '${task.workflow}'`
}

/** The names of the function that a task runs: its own, or those of another script. */
export function calledNames({ workflow, taskId, runs }: TaskRequest): {
  readonly workflow: string
  readonly taskId: string
} {
  return runs === undefined ? { workflow, taskId } : { workflow: runs.workflow ?? workflow, taskId: runs.taskId }
}

/** The function of a source. */
export function sourceLabel(source: string): string {
  return `source '${source}'`
}

/** Some of its events, by their sequences: what they do to an interpreter keeps no others away. */
export function eventsLabel(source: string, first: number, count: number): string {
  const which = count === 1 ? `event ${first}` : `events ${first} to ${first + count - 1}`
  return `${which} of ${sourceLabel(source)}`
}

/** Whether a label is that of a source, or of some of its events. */
export function isOfSource(label: string, source: string): boolean {
  return label === sourceLabel(source) || label.endsWith(` of ${sourceLabel(source)}`)
}

export function graphLabel(graph: string): string {
  return `graph '${graph}'`
}
