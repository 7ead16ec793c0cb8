/** The model of one run, written from the manual: it follows the committed changes of rows, in their order. */

import type { Program } from '../program.ts'
import type { RowChange } from '../recorder.ts'
import { ExecutionModel } from './executions.ts'
import { GraphModel } from './graphs.ts'
import { TriggerModel } from './triggers.ts'
import type { Report } from './violation.ts'

export interface Model {
  readonly executions: ExecutionModel
  readonly triggers: TriggerModel
  readonly graphs: GraphModel
  /** Seq of the row of each engine that is entered, by its id. */
  readonly instances: Map<string, number>
  /** Applies the changes of one transaction. */
  apply(changes: readonly RowChange[], now: number): void
}

export function makeModel(program: Program, report: Report): Model {
  const executions = new ExecutionModel(program, report)
  const triggers = new TriggerModel(program, executions, report)
  const graphs = new GraphModel(program, report)
  const instances = new Map<string, number>()
  return {
    executions,
    triggers,
    graphs,
    instances,
    apply(changes, now) {
      for (const change of changes) {
        if (change.table === 'instances') followInstance(instances, change)
        executions.apply(change, now)
        triggers.apply(change, now)
        graphs.apply(change)
      }
      executions.committed()
      triggers.committed()
    },
  }
}

function followInstance(instances: Map<string, number>, { before, after }: RowChange): void {
  if (after !== null) instances.set(String(after.id), Number(after.seq))
  else if (before !== null && instances.get(String(before.id)) === Number(before.seq))
    instances.delete(String(before.id))
}
