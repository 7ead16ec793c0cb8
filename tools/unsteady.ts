/**
 * `npm run unsteady`: prints the unsteady tests of the last ten recorded runs.
 *
 *     npm run unsteady -- --record   adds the new unsteady tests of the last run to test/unsteady.json
 *     npm run unsteady -- --check    fails if a test is unsteady in two runs and not in the list, or overdue in it
 */

import { writeFileSync } from 'node:fs'
import { readRecords, recordsFolder } from './again/run-record.ts'
import {
  faultsOf,
  MAX_UNSTEADY_TESTS,
  newRows,
  readUnsteadyTests,
  UNSTEADY_PATH,
  unsteadyText,
} from './again/unsteady-list.ts'

const records = readRecords(recordsFolder())
const known = readUnsteadyTests()
const [option, ...others] = process.argv.slice(2)

if (others.length > 0) process.exitCode = usage()
else if (option === '--record') process.exitCode = record()
else if (option === '--check') process.exitCode = check()
else process.exitCode = option === undefined ? print() : usage()

function usage(): number {
  console.error('Usage: npm run unsteady [-- --record | --check]')
  return 2
}

function print(): number {
  for (const { at, commit, unsteady } of records) {
    console.log(`${at} ${commit}: ${unsteady.length} unsteady`)
    for (const failure of unsteady) process.stdout.write(`  ${unsteadyText(known, failure)}`)
  }
  return 0
}

function record(): number {
  const last = records.at(-1)
  const added = last === undefined ? [] : newRows(known, last)
  const rows = [...known, ...added]
  if (rows.length > MAX_UNSTEADY_TESTS) {
    console.error(`The list may have ${MAX_UNSTEADY_TESTS} tests, not ${rows.length}. Repair a listed test first.`)
    return 1
  }
  if (added.length > 0) writeFileSync(UNSTEADY_PATH, `${JSON.stringify(rows, null, 2)}\n`)
  for (const { file, title } of added) console.log(`Added: ${file}: ${title}`)
  console.log(added.length === 0 ? 'The last run has no new unsteady test.' : `Add each cause to ${UNSTEADY_PATH}.`)
  return 0
}

function check(): number {
  const faults = faultsOf(known, records, new Date().toISOString().slice(0, 10))
  for (const fault of faults) console.error(fault)
  return faults.length > 0 ? 1 : 0
}
