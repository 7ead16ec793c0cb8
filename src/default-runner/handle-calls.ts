/** Calls of the `TaskHandle` of a running task, by their method. Used by `runners.ts`. */

import * as v from 'valibot'
import type { EndedChild } from '../engine/ports.ts'
import { PythonRefusal, type ScriptAnswer, type ScriptCall } from '../host/script-call.ts'
import { formatInstant } from '../model/time/instant.ts'
import { toAnswer } from './runner-call.ts'

const tracebackSchema = v.object({ task: v.string() })
const nameSchema = v.object({ name: v.string() })
const childSchema = v.object({ workflow: v.string(), key: v.string() })

/** Calls reject with a `PythonRefusal`. The initial context is sent as a context, because its text can be long. */
export const HANDLE_CALLS: Readonly<Record<string, (call: ScriptCall) => Promise<ScriptAnswer>>> = {
  'slot.release': async ({ slot }) => toAnswer(slot?.release()),
  'slot.acquire': async ({ slot }) => toAnswer(await slot?.acquire()),
  'execution.input': async (call) => ({ value: null, contextText: taskOf(call).view.inputText }),
  'execution.failures': async (call) => toAnswer(taskOf(call).view.failures()),
  'execution.traceback': async (call) => {
    const answer = taskOf(call).view.traceback(v.parse(tracebackSchema, call.payload).task)
    if (answer.kind === 'unknownTask') throw new PythonRefusal('KeyError', answer.message)
    return toAnswer(answer.traceback)
  },
  'once.key': async (call) => toAnswer(taskOf(call).memory.keyOf(v.parse(nameSchema, call.payload).name)),
  'once.find': async (call) => {
    const text = await taskOf(call).memory.findResult(v.parse(nameSchema, call.payload).name)
    return { value: text !== null, contextText: text ?? '' }
  },
  'once.keep': async (call) => {
    const { name } = v.parse(nameSchema, call.payload)
    return { value: null, contextText: await taskOf(call).memory.keepResult(name, call.contextText) }
  },
  'child.run': async (call) => {
    const { workflow, key } = v.parse(childSchema, call.payload)
    const { memory } = taskOf(call)
    const end = await memory.runChild({ workflow, key, inputText: call.contextText }, call.limit)
    return end.kind === 'parked' ? toAnswer(null) : childAnswer(end.child)
  },
}

function childAnswer({ id, status, errorMessage, startedAt, endedAt, contextText }: EndedChild): ScriptAnswer {
  const value = {
    execution_id: id,
    status,
    start_time: formatInstant(startedAt),
    end_time: formatInstant(endedAt),
    error_message: errorMessage,
  }
  return { value, contextText }
}

function taskOf({ task }: ScriptCall): NonNullable<ScriptCall['task']> {
  if (task === null) throw new PythonRefusal('RuntimeError', 'the attempt of this task has already ended')
  return task
}
