/** Records of the last runs of `.ci/run` and `npm test`: their failed and unsteady tests. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Failure, ROOT } from './test-report.ts'

export interface RunRecord {
  /** Date and time of the end of the run, in ISO 8601. */
  readonly at: string
  /** Short id of the tested commit, or an empty text. */
  readonly commit: string
  readonly unsteady: readonly Failure[]
  readonly failed: readonly Failure[]
}

const MAX_RECORDS = 10

/** Returns the folder of the records: `CLOACA_TEST_REPORTS`, or `.ci/reports`, which git ignores. */
export function recordsFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.CLOACA_TEST_REPORTS || join(ROOT, '.ci', 'reports')
}

/** Returns the kept records, the oldest first. */
export function readRecords(folder: string): readonly RunRecord[] {
  return namesIn(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
}

/** Writes the record of a run that ended at a time, and removes all but the last ten records. */
export function writeRecord(
  folder: string,
  unsteady: readonly Failure[],
  failed: readonly Failure[],
  end = new Date(),
): void {
  const { stdout } = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' })
  const record: RunRecord = { at: end.toISOString(), commit: (stdout ?? '').trim(), unsteady, failed }
  mkdirSync(folder, { recursive: true })
  const name = `run-${record.at.replaceAll(':', '')}-${process.pid}.json`
  writeFileSync(join(folder, name), `${JSON.stringify(record, null, 2)}\n`)
  for (const old of namesIn(folder).slice(0, -MAX_RECORDS)) rmSync(join(folder, old), { force: true })
}

/** Names begin with the time, so that they sort by time. */
function namesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^run-.*\.json$/.test(name))
    .sort()
}
