/** Model of one run, written from the manual. It follows the committed changes of rows in their order. */

import type { RowChange } from '../recorder.ts'
import { ApprovalModel } from './approvals.ts'
import { BatchModel } from './batches.ts'
import { ChildModel } from './children.ts'
import { DeliveryModel } from './deliveries.ts'
import { ExecutionModel } from './executions.ts'
import { GraphModel } from './graphs.ts'
import { IncidentCauses } from './incident-causes.ts'
import { IncidentModel } from './incidents.ts'
import { KeptSlotModel } from './kept-slots.ts'
import { LimitedAttemptModel, type LimitPorts } from './limited-attempts.ts'
import { LimitModel } from './limits.ts'
import { PriorityModel } from './priorities.ts'
import { RowTriggerModel } from './row-triggers.ts'
import { SignalModel } from './signals.ts'
import { TryLaterModel } from './tries-later.ts'
import { TriggerModel } from './triggers.ts'
import { TurnModel } from './turns.ts'
import { WaitModel } from './waits.ts'
import { WorkflowLimitModel } from './workflow-limits.ts'

export interface Model {
  readonly executions: ExecutionModel
  readonly triggers: TriggerModel
  readonly batches: BatchModel
  readonly graphs: GraphModel
  readonly deliveries: DeliveryModel
  readonly waits: WaitModel
  readonly signals: SignalModel
  readonly approvals: ApprovalModel
  readonly children: ChildModel
  readonly limits: LimitModel
  readonly limitedAttempts: LimitedAttemptModel
  readonly workflowLimits: WorkflowLimitModel
  readonly triesLater: TryLaterModel
  /** Seqs of the registered engines, by id. */
  readonly instances: Map<string, number>
  /** Applies the changes of one transaction. */
  apply(changes: readonly RowChange[], now: number): void
}

export interface ModelPorts extends Pick<LimitPorts, 'program' | 'report' | 'isRunning' | 'hasHealthyEngine'> {
  readonly isTroubled: (instanceSeq: number) => boolean
  /** Returns the time of the database at a simulated time. */
  readonly databaseTime: (now: number) => number
  /** Maximum number of attempts of a task that may end with `TryLater`. */
  readonly mostTries: number
}

export function makeModel(ports: ModelPorts): Model {
  const { program, report, isTroubled, databaseTime, mostTries } = ports
  const executions = new ExecutionModel(program, report)
  const triggers = new TriggerModel(program, executions, report)
  const batches = new BatchModel(report)
  const rows = new RowTriggerModel(program, executions, report)
  const graphs = new GraphModel(program, report)
  const causes = new IncidentCauses(program, executions, report)
  const incidents = new IncidentModel(program, causes, report)
  const deliveries = new DeliveryModel(program, report)
  const waits = new WaitModel({ program, executions, report, isTroubled })
  const signals = new SignalModel(waits, report)
  const approvals = new ApprovalModel(waits, report)
  const children = new ChildModel(executions, waits, report)
  const limits = new LimitModel(program, databaseTime)
  const limitPorts = { ...ports, executions, waits, limits }
  const keptSlots = new KeptSlotModel(limitPorts)
  const limitedAttempts = new LimitedAttemptModel({ ...limitPorts, keptSlots: (key, now) => keptSlots.count(key, now) })
  const workflowLimits = new WorkflowLimitModel({ ...ports, executions, limits })
  const priorities = new PriorityModel(program, executions, report)
  const triesLater = new TryLaterModel(program, { executions, limits, report, mostTries })
  const turns = new TurnModel({ program, executions, limits, report, isTroubled })
  const instances = new Map<string, number>()
  return {
    executions,
    triggers,
    batches,
    graphs,
    deliveries,
    waits,
    signals,
    approvals,
    children,
    limits,
    limitedAttempts,
    workflowLimits,
    triesLater,
    instances,
    apply(changes, now) {
      for (const change of changes) {
        if (change.table === 'instances') followInstance(instances, change)
        executions.apply(change, now)
        triggers.apply(change, now)
        batches.apply(change, now)
        rows.apply(change)
        graphs.apply(change)
        causes.apply(change)
        incidents.apply(change)
        deliveries.apply(change)
        waits.apply(change, now)
        signals.apply(change)
        approvals.apply(change)
        children.apply(change)
        limits.apply(change, now)
        keptSlots.apply(change)
        limitedAttempts.apply(change, now)
        workflowLimits.apply(change, now)
        priorities.apply(change)
        triesLater.apply(change)
        turns.apply(change, now)
      }
      executions.committed()
      triggers.committed()
      batches.committed()
      rows.committed()
      incidents.committed(now)
      deliveries.committed()
      signals.committed()
      approvals.committed()
      children.committed()
      keptSlots.committed(now)
      limitedAttempts.committed(now)
      workflowLimits.committed(now)
      priorities.committed()
      triesLater.committed()
      turns.committed(now)
      limits.committed()
      waits.committed(now)
    },
  }
}

function followInstance(instances: Map<string, number>, { before, after }: RowChange): void {
  if (after !== null) instances.set(String(after.id), Number(after.seq))
  else if (before !== null && instances.get(String(before.id)) === Number(before.seq))
    instances.delete(String(before.id))
}
