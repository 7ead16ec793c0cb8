/** Where a workflow, task or trigger is declared: the file and line of the call, for messages, `check` and the page. */

import { fileURLToPath } from 'node:url'
import util from 'node:util'
import type { SourcePlace } from '../model/workflow.ts'

/** The folder of our code: calls from within are not what is looked for. */
const OURS = new URL('../', import.meta.url).href
const FRAMES = 12

/** The first call outside our code. Null where it is in no file, as at a prompt. */
export function placeOfCaller(): SourcePlace | null {
  for (const { scriptName, lineNumber } of util.getCallSites(FRAMES, { sourceMap: true })) {
    const file = pathOf(scriptName)
    if (file === null || urlOf(scriptName).startsWith(OURS)) continue
    return { file, line: lineNumber }
  }
  return null
}

function urlOf(scriptName: string): string {
  return scriptName.startsWith('file:') ? scriptName : `file://${scriptName}`
}

function pathOf(scriptName: string): string | null {
  if (scriptName.startsWith('file:')) return fileURLToPath(withoutQuery(scriptName))
  return scriptName.startsWith('/') || /^[A-Za-z]:\\/.test(scriptName) ? scriptName : null
}

/** Files that are loaded anew have a query. */
function withoutQuery(url: string): URL {
  const bare = new URL(url)
  bare.search = ''
  bare.hash = ''
  return bare
}
