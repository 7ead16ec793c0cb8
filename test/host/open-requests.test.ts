/** The tokens of what is asked of an interpreter are numbers of 32 bits: of thousands a second they are used up within days. */

import { expect, it, vi } from 'vitest'
import { OpenRequests } from '../../src/host/process/open-requests.ts'
import { FakeClock } from '../support/fake-clock.ts'

it('tokens begin again when all are used up, and what is still open keeps its own', () => {
  const requests = new OpenRequests(new FakeClock(0), 4)
  const ask = () => requests.add({ label: 'a call', deadlineMs: null, slot: null, message: 1, settle: vi.fn() })
  const used = [ask(), ask(), ask(), ask()]
  for (const token of [2, 4]) requests.settle(token, { kind: 'finished' })

  expect(used).toEqual([1, 2, 3, 4])
  expect([ask(), ask()]).toEqual([2, 4])
})
