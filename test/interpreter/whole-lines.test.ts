/** Output of served scripts, printed in whole lines that name their execution and task. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TaskLabels } from '../../src/interpreter/output/task-labels.ts'
import { WholeLines } from '../../src/output/whole-lines.ts'

let out: string
let lines: WholeLines

beforeEach(() => {
  vi.useFakeTimers()
  out = ''
  const labels = new TaskLabels()
  labels.add({ token: 1, executionId: '5b9debd0-9f16-4377-92a6-fb934363d2ed', taskId: 'load\u001b[31m' })
  labels.add({ token: 2, executionId: '7c9debd0-9f16-4377-92a6-fb934363d2ed', taskId: 'send' })
  lines = new WholeLines(
    (bytes) => {
      out += bytes.toString()
    },
    (call) => labels.of(call) ?? '',
  )
})
afterEach(() => vi.useRealTimers())

const print = (call: number, text: string) => lines.write(call, Buffer.from(text))

test('starts each line of a task with its execution and task, and prints other lines unchanged', () => {
  print(1, 'one\ntwo\n')
  print(0, 'loaded\n')

  expect(out).toBe('[5b9debd0 load?[31m] one\n[5b9debd0 load?[31m] two\nloaded\n')
})

test('does not mix the lines of several tasks', () => {
  print(1, 'be')
  print(2, 'whole\nnext')
  print(1, 'gin\n')
  print(2, '\n')

  expect(out).toBe('[7c9debd0 send] whole\n[5b9debd0 load?[31m] begin\n[7c9debd0 send] next\n')
})

test('ends an unfinished line when its task ends, or after one second', () => {
  print(2, 'task')
  expect(out).toBe('')
  lines.ended(2)
  print(0, 'nobody')
  vi.advanceTimersByTime(1_000)

  expect(out).toBe('[7c9debd0 send] task\nnobody\n')
})
