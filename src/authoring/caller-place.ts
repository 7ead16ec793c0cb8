/** Place of a declaration: file and line of the call, for messages, `check` and the page. */

import { fileURLToPath } from 'node:url'
import util from 'node:util'
import type { SourcePlace } from '../model/workflow.ts'

/** Folder of this package, whose own calls are left out. */
const PACKAGE_FOLDER = fileURLToPath(new URL('../', import.meta.url))
const FRAMES = 12

/** Returns the first call outside of this package. Null if it is not in a file, for example at a prompt. */
export function placeOfCaller(): SourcePlace | null {
  for (const { scriptName, lineNumber } of util.getCallSites(FRAMES, { sourceMap: true })) {
    const file = pathOf(scriptName)
    if (file === null || file.startsWith(PACKAGE_FOLDER)) continue
    return { file, line: lineNumber }
  }
  return null
}

function pathOf(scriptName: string): string | null {
  if (scriptName.startsWith('file:')) return fileURLToPath(withoutQuery(scriptName))
  return scriptName.startsWith('/') || /^[A-Za-z]:\\/.test(scriptName) ? scriptName : null
}

/** Removes the query of a file that was loaded again. */
function withoutQuery(url: string): URL {
  const bare = new URL(url)
  bare.search = ''
  bare.hash = ''
  return bare
}
