/** Words about waits for slots of limits. */

import { describe, expect, it } from 'vitest'
import { holdersText, waitText } from '../../src/runner/records/wait-words.ts'

const wait = (given: object) => ({ kind: 'limit', limit: 'crm', value: null, slots: 3, heldBy: [], ...given }) as const
const short = (id: string) => id.slice(0, 2)

describe('the words about a wait for a slot', () => {
  it.each([
    [wait({}), 'waiting for a slot of limit crm'],
    [wait({ value: 'acme' }), 'waiting for a slot of limit crm for "acme"'],
    [wait({ value: 7 }), 'waiting for a slot of limit crm for 7'],
    [wait({ limit: 'workflow:sync', value: 'x' }), 'waiting for a slot of workflow sync for "x"'],
    [wait({ limit: 'trigger:rows' }), 'waiting for max_active of trigger rows'],
    [wait({ node: 'push', since: 5, until: null }), 'waiting for a slot of limit crm since 5'],
    [wait({ node: 'push', since: 5, until: 9 }), 'waiting for a slot of limit crm since 5, until 9'],
  ])('name the limit and the value of %j', (given, expected) => {
    expect(waitText(given as never, String)).toBe(expected)
  })

  it.each([
    [{}, ' (3 slots)'],
    [{ slots: 1, heldBy: ['aaaa'] }, ' (1 slot, used by aa)'],
    [{ heldBy: ['aaaa', 'bbbb'] }, ' (3 slots, used by aa, bb)'],
    [{ slots: null, heldBy: ['aaaa'] }, ' (used by aa)'],
    [{ slots: null }, ''],
  ])('name the slots and the executions of %j', (given, expected) => {
    expect(holdersText(wait(given) as never, short)).toBe(expected)
  })

  it('name no slots for other waits', () => {
    expect(holdersText({ kind: 'engine', workflow: 'sync' }, short)).toBe('')
  })
})
