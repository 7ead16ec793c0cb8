/**
 * Builds the reports of missed deadlines, for the judge of the executions of this engine, and for requests that end an
 * execution that no engine owns. Without effects.
 */

import type { Execution } from '../../model/execution.ts'
import { formatDuration } from '../../model/time/duration.ts'
import type { EnginePorts } from '../engine-options.ts'
import { RunState } from '../executions/run-state.ts'
import { FailureReports } from './failure-reports.ts'
import type { MissedDeadline } from './incident-report.ts'

/** Deadline of an execution, or of one of its tasks. */
export interface Deadline {
  readonly state: RunState
  readonly taskId: string | null
  readonly lengthMs: number
  readonly at: number
}

export class MissedDeadlines {
  readonly #ports: Pick<EnginePorts, 'codec' | 'incidents' | 'registry'>
  readonly #reports: FailureReports

  constructor(ports: Pick<EnginePorts, 'codec' | 'incidents' | 'registry'>) {
    this.#ports = ports
    this.#reports = new FailureReports(ports)
  }

  get isReporting(): boolean {
    return this.#ports.incidents?.kinds.has('deadline-missed') ?? false
  }

  /** Returns null if this engine does not report missed deadlines. */
  missed({ state, taskId, lengthMs }: Deadline, at: number): MissedDeadline | null {
    const { id, workflow, trigger } = state
    const length = formatDuration(lengthMs)
    const message =
      taskId === null
        ? `Workflow "${workflow}" missed its deadline: execution "${id}" did not end within ${length} after it was ` +
          'accepted.'
        : `Task "${taskId}" of workflow "${workflow}" missed its deadline: it did not end within ${length} after it ` +
          `was ready, in execution "${id}".`
    const facts = { subject: id, message, workflow, trigger, task: taskId, executionId: id }
    const report = this.#reports.report({ kind: 'deadline-missed', subject: workflow, at, facts })
    const key = taskId === null ? `deadline of ${id}` : `deadline of ${id} ${taskId}`
    return report === null ? null : { key, report }
  }

  /** Returns the deadlines that an execution without an owner has missed, if this engine declares its workflow. */
  ofUnowned(execution: Execution, endedAt: number): readonly MissedDeadline[] {
    const definition = this.#ports.registry.current().workflows.get(execution.workflow)
    if (!this.isReporting || definition === undefined) return []
    const state = new RunState(execution, definition, this.#ports.codec)
    const tasks = state.open(endedAt).ready.map(({ index }) => taskDeadline(state, index))
    return [executionDeadline(state), ...tasks].flatMap((deadline) => {
      if (deadline === null || deadline.at >= endedAt) return []
      return this.missed(deadline, endedAt) ?? []
    })
  }
}

/** Returns null if its workflow has no deadline. */
export function executionDeadline(state: RunState): Deadline | null {
  const { workflowDefinition, execution } = state
  const lengthMs = workflowDefinition.deadlineMs ?? null
  return lengthMs === null ? null : { state, taskId: null, lengthMs, at: execution.createdAt + lengthMs }
}

/** Returns null for most tasks. The dependencies of the task have ended. */
export function taskDeadline(state: RunState, index: number): Deadline | null {
  const lengthMs = state.definition(index)?.deadlineMs ?? null
  return lengthMs === null
    ? null
    : { state, taskId: state.taskId(index), lengthMs, at: state.readyAt(index) + lengthMs }
}
