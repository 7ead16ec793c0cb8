/** Rules about nodes that wait, from the manual and independent of the implementation in the engine. */

import type { WaitDefinition } from '../../../src/model/workflow.ts'
import type { ProgramTask } from '../program.ts'

export const FINAL: ReadonlySet<string> = new Set(['Completed', 'Failed', 'Skipped', 'Cancelled'])

interface Statuses {
  readonly tasks: ReadonlyMap<string, { readonly status: string }>
}

/**
 * Returns the node that stops a task: a node before it, directly or through other tasks, has not completed. If versions
 * of the code have other dependencies, a task between them may have completed before the node ended.
 */
export function stoppingNode(
  execution: Statuses,
  tasks: readonly ProgramTask[],
  task: ProgramTask,
  isRewired: boolean,
): string | null {
  for (const id of task.after) {
    const before = tasks.find((each) => each.id === id)
    const status = execution.tasks.get(id)?.status
    if (before === undefined || status === undefined || !FINAL.has(status)) continue
    if (before.wait !== undefined && status !== 'Completed') return id
    // A task with a rule of its own decides for the tasks after it, if it runs.
    if (isRewired && status === 'Completed') continue
    if (before.rule.type !== 'Always' && status !== 'Skipped') continue
    const earlier = stoppingNode(execution, tasks, before, isRewired)
    if (earlier !== null) return earlier
  }
  return null
}

/** Returns the key of a signal that a template results in, or null if a value is missing. */
export function expectedKey(template: string, inputText: string): string | null {
  const input = JSON.parse(inputText) as Readonly<Record<string, unknown>>
  let isMissing = false
  const key = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = input[name]
    if (value === undefined) isMissing = true
    return typeof value === 'string' ? value : JSON.stringify(value)
  })
  return isMissing ? null : key
}

export interface WaitEnd {
  readonly outcome: string
  readonly payload: string | null
}

/** Returns the status of a node after the end of its wait, and the value under its id: undefined without one. */
export function expectedEnd(
  wait: WaitDefinition,
  { outcome, payload }: WaitEnd,
): { readonly status: string; readonly value?: unknown } {
  if (wait.kind === 'delay') return { status: 'Completed' }
  if (outcome === 'elapsed') {
    if (wait.onTimeout === 'continue') return { status: 'Completed', value: null }
    return { status: wait.onTimeout === 'skip' ? 'Skipped' : 'Failed' }
  }
  const value = JSON.parse(payload ?? 'null') as { readonly approved?: boolean } | null
  if (outcome === 'answered' && value?.approved !== true) return { status: 'Failed' }
  return { status: 'Completed', value }
}
