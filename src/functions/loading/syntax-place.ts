/**
 * Finds the place of a syntax error. Node reports it in the error for TypeScript, but only prints it for unhandled
 * errors in JavaScript, so a separate process is started.
 */

import { execFile } from 'node:child_process'
import type { SourcePlace } from '../../model/workflow.ts'
import { formatPlaces } from '../calls/faults.ts'

const CHECKED_WITHIN_MS = 10_000

/** `files`: files of the script that were imported. Returns null if the place is unknown. */
export async function placeOfSyntaxError(error: Error, files: readonly string[]): Promise<SourcePlace | null> {
  const said = headPlace(error.stack ?? '')
  if (said !== null) return said
  for (const file of files.filter((each) => /\.[mc]?js$/.test(each)).toReversed()) {
    const place = headPlace(await checked(file))
    if (place !== null) return place
  }
  return null
}

/** Reads `file:///jobs/orders.ts:12` or `/jobs/orders.ts:12` at the beginning of a text. */
function headPlace(text: string): SourcePlace | null {
  const [head = ''] = formatPlaces(text).split('\n', 1)
  const found = /^(.+):(\d+)$/.exec(head)
  return found === null ? null : { file: (found[1] ?? '').replace(/\?cloaca=\d+$/, ''), line: Number(found[2]) }
}

/** Returns Node's message about a file, or ''. Does not run the file. */
function checked(file: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--check', file], { timeout: CHECKED_WITHIN_MS }, (_error, _stdout, stderr) =>
      resolve(stderr),
    )
  })
}
