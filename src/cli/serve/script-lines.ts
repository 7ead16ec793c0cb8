/** Formats lines of scripts for the output of `serve`: as JSON, or as text with the names of their call. */

import type { LineOrigin, LogLine, ScriptLine } from '../../index.ts'
import { localInstant } from '../engine-log.ts'
import { visibleJson, visibleText } from '../visible-text.ts'

const SHORT_ID = 8

/** Returns a line of JSON with the fields of the engine's log lines. */
export function scriptLineJson({ at, level, message, isCut, origin, stream, ...details }: ScriptLine): string {
  const { extra, ...names } = details
  const line = {
    ...{ level, time: new Date(at).toISOString(), ...origin, stream, ...names },
    ...(extra !== undefined && { extra }),
    ...{ msg: message, ...(isCut && { cut: true }) },
  }
  return `${visibleJson(JSON.stringify(line))}\n`
}

/** Returns a line for a file: all names of the call and the unchanged text. */
export function scriptLineText({ message, origin, isCut }: ScriptLine): string {
  return `${namesText(origin)}${message}${isCut ? '… (cut)' : ''}\n`
}

/** Returns a line for a terminal, as an interpreter writes it there. */
export function scriptLineAtTerminal({ message, origin }: ScriptLine): string {
  const { executionId, task } = origin
  const isTask = executionId !== undefined && task !== undefined
  return `${isTask ? `[${executionId.slice(0, SHORT_ID)} ${visibleText(task)}] ` : ''}${message}\n`
}

/** Returns a log line for a file, with the same names. */
export function logLineText({ level, message, facts = {}, traceback }: LogLine): string {
  const { executionId, workflow, task, attempt, trigger, script } = facts as LineOrigin
  const names = namesText({
    ...(executionId && workflow ? { executionId, workflow } : {}),
    ...(executionId && task ? { task } : {}),
    ...(executionId && task && attempt ? { attempt } : {}),
    ...(trigger ? { trigger } : {}),
    ...(script ? { script } : {}),
  })
  const trace = traceback ? `    ${visibleText(traceback.trimEnd())}\n` : ''
  return `${localInstant(new Date())} ${level.toUpperCase().padEnd(5)} ${names}${visibleText(message)}\n${trace}`
}

/** Returns `[execution workflow task attempt] `, `[trigger NAME] `, `[script PATH] ` or ''. */
function namesText({ executionId, workflow, task, attempt, trigger, script }: LineOrigin): string {
  const ofTask = [executionId, workflow, task, attempt].filter((name) => name !== undefined)
  if (ofTask.length > 0) return `[${visibleText(ofTask.join(' '))}] `
  if (trigger !== undefined) return `[trigger ${visibleText(trigger)}] `
  return script === undefined ? '' : `[script ${visibleText(script)}] `
}
