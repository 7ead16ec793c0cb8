/** Outcomes travel together; one that is too large for a message is the failure of its poll or task alone. */

import { expect, test } from 'vitest'
import { FrameError } from '../../src/border/frames.ts'
import type { FromInterpreter, OutcomeMessage } from '../../src/border/protocol.ts'
import { OutcomeBatch } from '../../src/interpreter/outcome-batch.ts'

type Outcomes = Extract<FromInterpreter, { readonly type: 'outcomes' }>

const LARGEST_TEXT = 10

function completed(token: number, contextText: string): OutcomeMessage {
  return { token, kind: 'completed', contextText, errorType: '', errorMessage: '', traceback: '' }
}

/** A line that takes messages with little text. */
function narrowLine() {
  const sent: Outcomes[] = []
  const batch = new OutcomeBatch((message) => {
    const { outcomes } = message as Outcomes
    if (outcomes.map(({ contextText }) => contextText ?? '').join('').length > LARGEST_TEXT) {
      throw new FrameError('It is too large.')
    }
    sent.push(message as Outcomes)
  })
  return { batch, sent }
}

test('what comes about in one turn is one message', () => {
  const { batch, sent } = narrowLine()

  batch.addSkipped([1, 2])
  batch.add(completed(3, '{}'))
  batch.add(completed(4, '{}'))
  batch.flush()

  expect(sent).toEqual([{ type: 'outcomes', skipped: [1, 2], outcomes: [completed(3, '{}'), completed(4, '{}')] }])
})

test('each request is answered, also when the answers are too large together, or one of them is', () => {
  const { batch, sent } = narrowLine()

  batch.addSkipped([1])
  batch.add(completed(2, '{"a":123}'))
  batch.add(completed(3, '{"a":1234567890}'))
  batch.add(completed(4, '{"b":123}'))
  batch.flush()

  expect(sent.flatMap(({ skipped }) => skipped)).toEqual([1])
  expect(sent.flatMap(({ outcomes }) => outcomes)).toMatchObject([
    { token: 2, kind: 'completed' },
    { token: 3, kind: 'failed', errorType: 'OverflowError', errorMessage: 'It is too large.' },
    { token: 4, kind: 'completed' },
  ])
})
