/** Names of polls, tasks, sources and scripts in logs, histories and back-offs. */

import type { TaskRequest } from '../../engine/ports.ts'

export function scriptLabel(script: string): string {
  return `script ${script}`
}

export function triggerLabel(trigger: string): string {
  return `trigger '${trigger}'`
}

export function taskLabel(task: { readonly taskId: string; readonly workflow: string }): string {
  return `task '${task.taskId}' of workflow '${task.workflow}'`
}

/** Returns the names of the function that a task runs: its own, or those of another script. */
export function calledNames({ workflow, taskId, runs }: Pick<TaskRequest, 'workflow' | 'taskId' | 'runs'>): {
  readonly workflow: string
  readonly taskId: string
} {
  return runs === undefined ? { workflow, taskId } : { workflow: runs.workflow ?? workflow, taskId: runs.taskId }
}

export function sourceLabel(source: string): string {
  return `source '${source}'`
}

/** Label of some events of a source, by sequence. A back-off of this label does not affect other events. */
export function eventsLabel(source: string, first: number, count: number): string {
  const which = count === 1 ? `event ${first}` : `events ${first} to ${first + count - 1}`
  return `${which} of ${sourceLabel(source)}`
}

export function isOfSource(label: string, source: string): boolean {
  return label === sourceLabel(source) || label.endsWith(` of ${sourceLabel(source)}`)
}

export function graphLabel(graph: string): string {
  return `graph '${graph}'`
}
