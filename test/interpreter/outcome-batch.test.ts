/** Batches of outcomes that an interpreter sends to the engine. An outcome that is too large fails alone. */

import { expect, test } from 'vitest'
import { FrameError } from '../../src/border/frames.ts'
import type { FromInterpreter, Outcome } from '../../src/border/protocol.ts'
import { OutcomeBatch } from '../../src/interpreter/outcome-batch.ts'

type Outcomes = Extract<FromInterpreter, { readonly type: 'outcomes' }>

const MAX_TEXT = 10

function completed(contextText: string): Outcome {
  return { kind: 'completed', contextText }
}

function textOf(outcome: Outcome): string {
  return outcome.kind === 'completed' || outcome.kind === 'fired' ? (outcome.contextText ?? '') : ''
}

/** Returns a batch whose channel rejects messages with more than `MAX_TEXT` characters. */
function narrowBatch() {
  const sent: Outcomes[] = []
  const batch = new OutcomeBatch((message) => {
    const { outcomes } = message as Outcomes
    if (outcomes.map(textOf).join('').length > MAX_TEXT) {
      throw new FrameError('It is too large.')
    }
    sent.push(message as Outcomes)
  })
  return { batch, sent }
}

test('sends all outcomes of one turn of the event loop in one message', () => {
  const { batch, sent } = narrowBatch()

  batch.addSkipped([1, 2])
  batch.add(3, completed('{}'))
  batch.add(4, completed('{}'))
  batch.flush()

  expect(sent).toEqual([
    { type: 'outcomes', skipped: [1, 2], tokens: [3, 4], outcomes: [completed('{}'), completed('{}')] },
  ])
})

test('sends every 16 outcomes without a flush, so that the engine can start to work on them', () => {
  const { batch, sent } = narrowBatch()
  const tokens = Array.from({ length: 40 }, (_, index) => index)

  for (const token of tokens) batch.add(token, completed(''))
  expect(sent.map((message) => message.tokens.length)).toEqual([16, 16])
  batch.flush()

  expect(sent.flatMap((message) => message.tokens)).toEqual(tokens)
})

test('answers each request if the batch is too large, and fails an outcome that is too large alone', () => {
  const { batch, sent } = narrowBatch()

  batch.addSkipped([1])
  batch.add(2, completed('{"a":123}'))
  batch.add(3, completed('{"a":1234567890}'))
  batch.add(4, completed('{"b":123}'))
  batch.flush()

  expect(sent.flatMap(({ skipped }) => skipped)).toEqual([1])
  expect(sent.flatMap(({ tokens }) => tokens)).toEqual([2, 3, 4])
  expect(sent.flatMap(({ outcomes }) => outcomes)).toMatchObject([
    { kind: 'completed' },
    { kind: 'failed', error: { type: 'OverflowError', message: 'It is too large.' } },
    { kind: 'completed' },
  ])
})
