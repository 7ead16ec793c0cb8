/** Concurrency slots: their limit, turns, and how they are lent. */

import { describe, expect, it } from 'vitest'
import { type SlotLease, SlotPool } from '../../../src/engine/executions/slots.ts'
import { settle } from '../../support/fake-clock.ts'

/** Requests slots and keeps the leases that were granted, by name, in the order of the grants. */
function requester(pool: SlotPool) {
  const granted: string[] = []
  const leases = new Map<string, SlotLease>()
  const request = (group: string, name: string): void =>
    pool.request(group, (lease) => {
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
  it('are granted up to the limit, and again when one is given back', () => {
    const { granted, request, lease } = requester(new SlotPool(2))
    for (const name of ['a', 'b', 'c']) request('run', name)
    expect(granted).toEqual(['a', 'b'])

    lease('a').end()
    lease('a').end()

    expect(granted).toEqual(['a', 'b', 'c'])
  })

  it('go to the executions in turn, however many tasks one of them has ready', () => {
    const { granted, request, lease } = requester(new SlotPool(1))
    for (const name of ['wide1', 'wide2', 'wide3']) request('wide', name)
    for (const name of ['small1', 'small2']) request('small', name)

    for (const name of ['wide1', 'wide2', 'small1', 'wide3', 'small2']) lease(name).end()

    expect(granted).toEqual(['wide1', 'wide2', 'small1', 'wide3', 'small2'])
  })

  it('are lent while a task waits, and taken back ahead of those who never had one', async () => {
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

  it('are taken back by the last of several waits of one task, and the others go on at once', async () => {
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

  it('are taken back once when another thread of the task begins and ends a wait meanwhile', async () => {
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

  it('that are free come back at once, each time', async () => {
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

  it('of a task that ended while it waited for its slot are free for others', async () => {
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
