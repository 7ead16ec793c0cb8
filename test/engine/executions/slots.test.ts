/** Concurrency slots: limit, order of grants, and lending while a task waits. */

import { describe, expect, it } from 'vitest'
import type { SlotOrder } from '../../../src/engine/executions/attempts/slot-queue.ts'
import { type SlotLease, SlotPool } from '../../../src/engine/executions/slots.ts'
import { executionRank } from '../../../src/model/limits/limits.ts'
import { settle } from '../../support/manual-clock.ts'

const FIRST: SlotOrder = { rank: 0, createdAt: 0, position: 0, turn: null }

/** Requests slots and keeps the leases that were granted, by name, in the order of the grants. */
function requester(pool: SlotPool) {
  const granted: string[] = []
  const leases = new Map<string, SlotLease>()
  const request = (group: string, name: string, order: Partial<SlotOrder> = {}): void =>
    pool.request(group, { ...FIRST, ...order }, (lease) => {
      granted.push(name)
      leases.set(name, lease)
    })
  const lease = (name: string): SlotLease => {
    const found = leases.get(name)
    if (found === undefined) throw new Error(`no slot was granted to ${name}`)
    return found
  }
  return { granted, request, lease }
}

describe('concurrency slots', () => {
  it('are granted up to the limit, and again after a task ends its lease', () => {
    const { granted, request, lease } = requester(new SlotPool(2))
    for (const name of ['a', 'b', 'c']) request('run', name)
    expect(granted).toEqual(['a', 'b'])

    lease('a').end()
    lease('a').end()

    expect(granted).toEqual(['a', 'b', 'c'])
  })

  it('go to executions of the same age in turn, however many ready tasks an execution has', () => {
    const { granted, request, lease } = requester(new SlotPool(1))
    for (const name of ['wide1', 'wide2', 'wide3']) request('wide', name)
    for (const name of ['small1', 'small2']) request('small', name)

    for (const name of ['wide1', 'wide2', 'small1', 'wide3', 'small2']) lease(name).end()

    expect(granted).toEqual(['wide1', 'wide2', 'small1', 'wide3', 'small2'])
  })

  it('go to the highest priority first, then to executions that have begun, then to the oldest one', () => {
    const { granted, request, lease } = requester(new SlotPool(1))
    request('running', 'running')
    request('new', 'new', { rank: executionRank(0, false), createdAt: 2 })
    request('oldest', 'oldest', { rank: executionRank(0, false), createdAt: 1 })
    request('begun', 'begun', { rank: executionRank(0, true), createdAt: 3 })
    request('low', 'low', { rank: executionRank(-1, true), createdAt: 0 })
    request('high', 'high', { rank: executionRank(1, false), createdAt: 4 })

    for (let index = 0; index < 5; index++) lease(granted.at(-1) ?? '').end()

    expect(granted).toEqual(['running', 'high', 'begun', 'oldest', 'new', 'low'])
  })

  it('go to the tasks of an execution in the order of their declaration', () => {
    const { granted, request, lease } = requester(new SlotPool(1))
    for (const position of [0, 3, 1, 2]) request('run', `task ${position}`, { position })

    for (let index = 0; index < 3; index++) lease(granted.at(-1) ?? '').end()

    expect(granted).toEqual(['task 0', 'task 1', 'task 2', 'task 3'])
  })

  it('go to all tasks of an execution before new ones, after its first task has begun', () => {
    const pool = new SlotPool(1)
    const { granted, request, lease } = requester(pool)
    request('running', 'running')
    for (const name of ['a1', 'a2', 'a3']) request('a', name, { rank: executionRank(0, false), createdAt: 5 })
    lease('running').end()
    pool.rerank('a', executionRank(0, true))
    request('older', 'older', { rank: executionRank(0, false), createdAt: 1 })

    for (const name of ['a1', 'a2', 'a3']) lease(name).end()

    expect(granted).toEqual(['running', 'a1', 'a2', 'a3', 'older'])
  })

  it('go to the values of a limit in turn, within a rank', () => {
    const { granted, request, lease } = requester(new SlotPool(1))
    const of = (value: string) => ({ turn: { name: 'crm', value } })
    request('running', 'running')
    for (const index of [1, 2, 3]) request(`a${index}`, `a${index}`, { ...of('"a"'), createdAt: index })
    for (const index of [1, 2]) request(`b${index}`, `b${index}`, { ...of('"b"'), createdAt: 10 + index })
    request('c1', 'c1', { ...of('"c"'), createdAt: 20, rank: executionRank(1, false) })
    request('c2', 'c2', { ...of('"c"'), createdAt: 21 })
    request('unlimited', 'unlimited', { createdAt: 4 })

    for (let index = 0; index < 8; index++) lease(granted.at(-1) ?? '').end()

    expect(granted).toEqual(['running', 'c1', 'a1', 'b1', 'c2', 'a2', 'b2', 'a3', 'unlimited'])
  })

  it('keep their order after cancels and thousands of requests of one execution', () => {
    const pool = new SlotPool(1)
    const { granted, request, lease } = requester(pool)
    request('running', 'running')
    for (let index = 0; index < 3_000; index++) request('wide', `wide ${index}`, { position: index })
    request('cancelled', 'cancelled', { rank: executionRank(5, false) })
    request('late', 'late', { createdAt: 1 })
    pool.cancel('cancelled')
    pool.cancel('unknown')

    for (let index = 0; index < 3_001; index++) lease(granted.at(-1) ?? '').end()

    const wide = Array.from({ length: 3_000 }, (_, index) => `wide ${index}`)
    expect(granted).toEqual(['running', ...wide, 'late'])
  })

  it('are lent while a task waits, and return to it before tasks that never had a slot', async () => {
    const { granted, request, lease } = requester(new SlotPool(1))
    for (const name of ['deferring', 'other', 'late']) request(name, name)

    lease('deferring').release()
    expect(granted).toEqual(['deferring', 'other'])
    let isBack = false
    void lease('deferring')
      .acquire()
      .then(() => {
        isBack = true
      })
    await settle()
    expect(isBack).toBe(false)

    lease('other').end()
    await settle()
    expect([isBack, granted.includes('late')]).toEqual([true, false])
  })

  it('return to a task after the last of its parallel waits, while its other waits end immediately', async () => {
    const pool = new SlotPool(1)
    const { granted, request, lease } = requester(pool)
    request('threads', 'threads')
    lease('threads').release()
    lease('threads').release()
    request('nested', 'nested')
    expect(granted).toEqual(['threads', 'nested'])

    await lease('threads').acquire()
    expect(lease('threads').isHeld).toBe(false)
    lease('nested').end()
    await lease('threads').acquire()

    expect(lease('threads').isHeld).toBe(true)
    expect(pool.lent).toBe(0)
  })

  it('return to a task only once if another thread of the task waits at the same time', async () => {
    const pool = new SlotPool(1)
    const { granted, request, lease } = requester(pool)
    request('threads', 'threads')
    lease('threads').release()
    request('other', 'other')
    const first = lease('threads').acquire()
    lease('threads').release()
    const second = lease('threads').acquire()

    lease('other').end()
    await Promise.all([first, second])

    expect([lease('threads').isHeld, pool.lent]).toEqual([true, 0])
    lease('threads').end()
    request('next', 'next')
    request('waits', 'waits')
    expect(granted).toEqual(['threads', 'other', 'next'])
  })

  it('return to a waiting task immediately, each time, if no other task requests them', async () => {
    const pool = new SlotPool(1)
    const { granted, request, lease } = requester(pool)
    request('alone', 'alone')

    for (let round = 0; round < 3; round += 1) {
      lease('alone').release()
      await lease('alone').acquire()
      expect([lease('alone').isHeld, pool.lent]).toEqual([true, 0])
    }

    request('waits', 'waits')
    expect(granted).toEqual(['alone'])
  })

  it('are free for other tasks if a task ends while it waits for its slot', async () => {
    const pool = new SlotPool(1)
    const { granted, request, lease } = requester(pool)
    request('timedOut', 'timedOut')
    lease('timedOut').release()
    request('other', 'other')
    const acquired = lease('timedOut').acquire()

    lease('timedOut').end()
    lease('other').end()
    request('next', 'next')

    await expect(acquired).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(granted).toEqual(['timedOut', 'other', 'next'])
    expect(pool.lent).toBe(0)
  })
})
