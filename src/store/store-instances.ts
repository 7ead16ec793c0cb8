/** Methods of the port about engines, the code that they announce, and workflow definitions. Equal in both stores. */

import type { HeartbeatAnswer, InstanceCode, TriggerRemoval } from '../engine/ports.ts'
import type { InstanceRow } from '../model/schedule.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import { declaresTriggers } from './rows.ts'
import { Declarations } from './steps/declarations.ts'
import * as code from './steps/instance-code.ts'
import * as instances from './steps/instances.ts'
import { type Liveness, livingSeqs } from './steps/liveness.ts'
import * as workflows from './steps/workflows.ts'
import { StoreCrons } from './store-crons.ts'

export abstract class StoreInstances extends StoreCrons {
  protected abstract readonly liveness: Liveness
  /** Ids of the engines that were opened through this object. */
  protected readonly instances = new Set<string>()
  protected readonly declarations = new Declarations()

  async openInstance(instanceId: string, at: number): Promise<void> {
    this.instances.add(instanceId)
    await this.run('write', (session) => instances.openInstance(session, this.liveness, instanceId, at), 'quiet')
  }

  async heartbeat(instanceId: string, at: number): Promise<HeartbeatAnswer> {
    const { answer, others } = await this.run(
      'write',
      (session) => instances.heartbeat(session, this.liveness, this.declarations, { instanceId, at }),
      'quiet',
    )
    this.declarations.compared(instanceId, others)
    return answer
  }

  announce(instanceId: string, announced: InstanceCode, at: number): Promise<void> {
    const isEmpty = !declaresTriggers(announced)
    const marks = this.declarations.keep(instanceId, 'code', isEmpty, (session, at, deadSeqs, isNew) =>
      code.repeatCode(session, instanceId, announced, { at, deadSeqs, isNew }),
    )
    return this.run(
      'write',
      (session) => code.announce(session, this.liveness, instanceId, { code: announced, marks, at }),
      'quiet',
    )
  }

  async closeInstance(instanceId: string, at: number): Promise<void> {
    await this.run('write', (session) => instances.closeInstance(session, instanceId, at))
    this.instances.delete(instanceId)
    this.declarations.forget(instanceId)
  }

  async hasLivingInstance(at: number): Promise<boolean> {
    return (await this.run('read', (session) => livingSeqs(session, this.liveness, at))).size > 0
  }

  listInstances(at: number): Promise<readonly InstanceRow[]> {
    return this.run('read', (session) => instances.listInstances(session, this.liveness, at))
  }

  removeTrigger(name: string, at: number): Promise<TriggerRemoval> {
    return this.run('accept', (session) => code.removeTrigger(session, this.liveness, name, at))
  }

  saveWorkflows(definitions: readonly WorkflowDefinition[], at: number): Promise<void> {
    return this.run('write', (session) => workflows.saveWorkflows(session, definitions, at))
  }

  listWorkflows(keys?: readonly string[]): Promise<readonly WorkflowDefinition[]> {
    return this.run('read', (session) => workflows.listWorkflows(session, keys))
  }
}
