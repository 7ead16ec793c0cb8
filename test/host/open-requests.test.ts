/** Tokens of requests to an interpreter. They have 32 bits, so thousands per second use them up within days. */

import { expect, it, vi } from 'vitest'
import { OpenRequests } from '../../src/host/process/open-requests.ts'
import { ManualClock } from '../support/manual-clock.ts'

it('reuses tokens when all are used up, except the tokens of open requests', () => {
  const requests = new OpenRequests(new ManualClock(0), 4)
  const ask = () => requests.add({ label: 'a call', deadlineMs: null, slot: null, message: 1, settle: vi.fn() })
  const used = [ask(), ask(), ask(), ask()]
  for (const token of [2, 4]) requests.settle(token, { kind: 'finished' })

  expect(used).toEqual([1, 2, 3, 4])
  expect([ask(), ask()]).toEqual([2, 4])
})
