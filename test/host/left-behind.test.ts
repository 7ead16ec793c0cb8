/** Call that does not stop, in a process that the engine must not kill. */

import { PassThrough } from 'node:stream'
import { beforeEach, expect, it } from 'vitest'
import { encodeFrame } from '../../src/border/frames.ts'
import type { FromInterpreter } from '../../src/border/protocol.ts'
import type { PollRequest } from '../../src/engine/ports.ts'
import type { Peer, PeerKind } from '../../src/host/peers/peer.ts'
import type { CallResult } from '../../src/host/process/call-answers.ts'
import { InterpreterProcess } from '../../src/host/process/interpreter-process.ts'
import { ManualClock } from '../support/manual-clock.ts'

const KIND: PeerKind = { refusal: () => null, killAfterMs: 1_000, needsSlices: false, mayBeKilled: false }
const POLL: PollRequest = { script: 's', trigger: 'slow', deadlineMs: 5_000 }
const SKIPPED = { kind: 'skipped', reason: null }

let clock: ManualClock
let messagesOut: PassThrough
let notices: string[]
let program: InterpreterProcess

beforeEach(() => {
  clock = new ManualClock()
  messagesOut = new PassThrough()
  notices = []
  const peer: Peer = {
    ...{ pid: 1, messagesIn: new PassThrough(), messagesOut, control: new PassThrough(), exited: Promise.resolve() },
    ...{ onEnd: () => undefined, dumpStacks: () => Promise.resolve(null), unref: () => undefined },
    ...{ output: null, residentMebibytes: () => null },
    kill: () => expect.unreachable('the process was killed'),
  }
  program = new InterpreterProcess(peer, KIND, clock, {
    ...{ call: () => undefined, declared: () => undefined, startNotice: () => undefined },
    ...{ ended: () => undefined, stuck: () => undefined, nearCeiling: () => undefined, printed: null },
    notice: (message) => void notices.push(message),
  })
})

it('a poll that does not stop times out after one more second, and later polls fail until it ends', async () => {
  const first = poll()
  await clock.advance(POLL.deadlineMs + 1_100)

  expect(await first).toMatchObject({ kind: 'timedOut', error: { type: 'DeadlineExceeded' } })
  expect(notices).toEqual([expect.stringContaining('trigger "slow" did not stop at its time limit and keeps running')])
  expect(await poll()).toMatchObject({
    kind: 'failed',
    error: { message: expect.stringContaining('is still running') },
  })

  await say({ type: 'outcomes', skipped: [1], tokens: [], outcomes: [] })
  const next = poll()
  await say({ type: 'outcomes', skipped: [2], tokens: [], outcomes: [] })

  expect(await next).toEqual(SKIPPED)
})

it('a poll that does not stop does not change the deadlines of other polls', async () => {
  const [slow, other] = [poll(), poll('other', 20_000)]
  await clock.advance(POLL.deadlineMs + 1_100)
  expect(await slow).toMatchObject({ kind: 'timedOut' })

  await clock.advance(15_000)

  expect(await other).toMatchObject({ kind: 'timedOut' })
})

function poll(trigger = 'slow', deadlineMs = POLL.deadlineMs): Promise<CallResult> {
  return new Promise((settle) => {
    program.poll(1, `trigger "${trigger}"`, { ...POLL, trigger, deadlineMs }, settle)
  })
}

async function say(message: FromInterpreter): Promise<void> {
  for (const part of encodeFrame(message)) messagesOut.write(part)
  await clock.advance(1)
}
