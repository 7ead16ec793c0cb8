/**
 * Where a file cannot be read as a program. Of TypeScript, Node says it in the error; of JavaScript it prints it where an error is
 * not handled, and nowhere else: so that is asked for, of a process of its own.
 */

import { execFile } from 'node:child_process'
import type { SourcePlace } from '../../model/workflow.ts'
import { shownPlaces } from '../calls/faults.ts'

const CHECKED_WITHIN_MS = 10_000

/** `files`: of which the script is made, as far as it came. Null where it is not known. */
export async function placeOfSyntaxError(error: Error, files: readonly string[]): Promise<SourcePlace | null> {
  const said = headPlace(error.stack ?? '')
  if (said !== null) return said
  for (const file of files.filter((each) => /\.[mc]?js$/.test(each)).toReversed()) {
    const place = headPlace(await checked(file))
    if (place !== null) return place
  }
  return null
}

/** `file:///jobs/orders.ts:12` or `/jobs/orders.ts:12`, where a text begins with it. */
function headPlace(text: string): SourcePlace | null {
  const [head = ''] = shownPlaces(text).split('\n', 1)
  const found = /^(.+):(\d+)$/.exec(head)
  return found === null ? null : { file: (found[1] ?? '').replace(/\?cloaca=\d+$/, ''), line: Number(found[2]) }
}

/** What Node says of a file; '' when it is good. Nothing of it is run. */
function checked(file: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--check', file], { timeout: CHECKED_WITHIN_MS }, (_error, _stdout, stderr) =>
      resolve(stderr),
    )
  })
}
