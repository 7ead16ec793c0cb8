/** Executions of an engine whose tasks take slots of limits, for tests of stores. */

import { beforeEach } from 'vitest'
import type { LineOrder, SlotUse } from '../../src/engine/limits/limit-store.ts'
import type { NewExecution } from '../../src/engine/starts/new-executions.ts'
import type { Store } from '../../src/engine/store.ts'
import type { Settled, TaskChange } from '../../src/engine/store-ports.ts'
import type { LimitDefinition, LimitKey } from '../../src/model/limits/limits.ts'
import type { ManualClock } from './manual-clock.ts'
import { change, completed, newExecution, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export function limit(given: Partial<LimitDefinition> = {}): LimitDefinition {
  return { name: 'crm', maxActive: 1, rate: null, per: null, script: 'main.py', place: null, ...given }
}

/** Ids of created executions. Tests use as many as they create. */
type Ids = [string, string, string, string, ...string[]]

type Place = Partial<LimitKey & LineOrder>

export class LimitedTasks {
  readonly engine: string
  readonly #store: Store
  readonly #clock: ManualClock
  #created = 0

  constructor(store: Store, clock: ManualClock, engine = 'engine') {
    this.#store = store
    this.#clock = clock
    this.engine = engine
  }

  async open(): Promise<void> {
    await this.#store.openInstance(this.engine, this.#clock.now())
  }

  async beat(): Promise<void> {
    await this.#store.heartbeat(this.engine, this.#clock.now())
  }

  declare(...limits: readonly LimitDefinition[]): Promise<readonly string[]> {
    return this.#store.limits.declare(this.engine, limits, START)
  }

  /** Creates executions that the engine owns. */
  async create(count: number, given: Partial<Omit<NewExecution, 'tasks'>> = {}): Promise<Ids> {
    const ids: string[] = []
    for (let index = 0; index < count; index++) {
      const id = `${this.engine}-${String(this.#created++).padStart(3, '0')}`
      ids.push(id)
      await this.#store.createExecution(newExecution({ workflow: this.engine, ...given, id }), { kind: 'call' }, START)
    }
    await this.acquire(given.workflow)
    return ids as unknown as Ids
  }

  async acquire(workflow = this.engine): Promise<readonly string[]> {
    const acquisition = { instanceId: this.engine, workflows: [workflow], at: START, limit: 200, recover: false }
    return (await this.#store.acquireExecutions(acquisition)).map(({ id }) => id)
  }

  /** Begins the attempt of an execution. Returns its task if it waits. */
  async take(
    id: string,
    place: Place = {},
    given: Partial<TaskChange> = {},
    ownerNumber = 1,
  ): Promise<Settled['limited']> {
    const { name = 'crm', value = 'null' } = place
    return (await this.settleTake(id, [{ name, value }], place, given, ownerNumber)).limited
  }

  async takeAll(id: string, limits: readonly LimitKey[]): Promise<Settled['limited']> {
    return (await this.settleTake(id, limits)).limited
  }

  settleTake(
    id: string,
    limits: readonly LimitKey[],
    { rank = 0, createdAt = START }: Place = {},
    given: Partial<TaskChange> = {},
    ownerNumber = 1,
  ): Promise<Settled> {
    const slots: SlotUse = { kind: 'take', limits, order: { rank, createdAt } }
    return this.#store.settle(settlement(id, { ownerNumber, changes: [change('only', { slots, ...given })] }))
  }

  end(id: string): Promise<Settled> {
    return this.#store.settle(settlement(id, { changes: [completed('only', { slots: { kind: 'give' } })] }))
  }

  async giveBack(id: string, close?: { readonly key: LimitKey; readonly forMs: number }): Promise<void> {
    const slots: SlotUse = { kind: 'give', ...(close !== undefined && { close }) }
    const given = { status: 'Ready', attempts: 0, triesLater: 1, slots } as const
    await this.#store.settle(settlement(id, { changes: [change('only', given)] }))
  }

  /** Lets tasks of many executions wait for the limit `crm`, which has no free slot. */
  async fillLine(count: number): Promise<void> {
    const workflow = 'line'
    const create = async (index: number) => {
      const id = `line-${index}`
      await this.#store.createExecution(newExecution({ workflow, id }), { kind: 'call' }, START)
      return id
    }
    for (let done = 0; done < count; done += 200) {
      const ids = await Promise.all(Array.from({ length: 200 }, (_, index) => create(done + index)))
      await this.acquire(workflow)
      await Promise.all(ids.map((id) => this.take(id, { rank: 10, createdAt: START + done })))
    }
  }
}

/** Opens an engine before each test of a suite. */
export function tasksOf(context: ContractContext): { readonly tasks: LimitedTasks } {
  let tasks: LimitedTasks
  beforeEach(async () => {
    tasks = new LimitedTasks(context.store, context.clock)
    await tasks.open()
  })
  return {
    get tasks() {
      return tasks
    },
  }
}
