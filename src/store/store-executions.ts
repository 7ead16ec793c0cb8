/** Methods of the port about executions and the leases of triggers that are equal in both stores. */

import type { ExecutionFilter, LeasedTriggers, Page, SteeringAnswer } from '../engine/ports.ts'
import type { NewAction, SteeringRequest } from '../model/action.ts'
import type { Execution, ExecutionSummary } from '../model/execution.ts'
import { listExecutions } from './steps/executions/listing.ts'
import * as executions from './steps/executions/reading.ts'
import * as steering from './steps/executions/steering.ts'
import * as leases from './steps/trigger-leases.ts'
import { StoreInstances } from './store-instances.ts'

export abstract class StoreExecutions extends StoreInstances {
  protected abstract readonly isOwnerAlive: steering.IsOwnerAlive
  protected readonly heldLeases = new leases.HeldLeases()

  leaseTriggers(instanceId: string, names: readonly string[]): Promise<LeasedTriggers> {
    return this.run(
      'write',
      (session) => leases.leaseTriggers(session, this.liveness, this.heldLeases, instanceId, names),
      'quiet',
    )
  }

  releaseTriggers(instanceId: string, names: readonly string[]): Promise<void> {
    return this.run('write', (session) => leases.releaseTriggers(session, instanceId, names), 'quiet')
  }

  steer(action: NewAction, request: SteeringRequest): Promise<SteeringAnswer> {
    return this.run('accept', (session) => steering.steer(session, action, request, this.isOwnerAlive))
  }

  applyRequest(executionId: string, at: number): Promise<SteeringAnswer> {
    return this.run('accept', (session) => steering.applyRequest(session, executionId, at, this.isOwnerAlive))
  }

  notUnderWay(ids: readonly string[]): Promise<ReadonlyMap<string, Execution | null>> {
    return this.run('read', (session) => executions.notUnderWay(session, ids))
  }

  getExecution(id: string): Promise<Execution | null> {
    return this.run('read', (session) => executions.getExecution(session, id))
  }

  countExecutions() {
    return this.run('read', (session) => executions.countExecutions(session))
  }

  findExecutionIds(prefix: string, limit: number): Promise<readonly string[]> {
    return this.run('read', (session) => executions.findExecutionIds(session, prefix, limit))
  }

  listExecutions(filter: Page & ExecutionFilter): Promise<readonly ExecutionSummary[]> {
    return this.run('read', (session) => listExecutions(session, filter))
  }
}
