/** Scripts that read the files of the database while the engine and another process write to it. */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Runner } from '../../src/index.ts'

const SCRIPT = fileURLToPath(new URL('./reads_database.py', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Number of rows of the other process. Writing them takes seconds. */
const ROWS_OF_OTHER = 20_000
/** Minimum number of files that the script reads while another process writes. */
const READS = 100

let folder: string
let tooFew: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-files-'))
  tooFew = `${folder}.too-few-reads`
  writeFileSync(tooFew, '')
  file = join(folder, 'x.db')
  vi.stubEnv('FILES_OF_OTHERS', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  for (const path of [folder, tooFew]) rmSync(path, { recursive: true, force: true })
})

interface Writing {
  /** Whether the process opens and closes the files of the database in each transaction. */
  readonly alsoReads?: boolean
  /** Path of a file. While the file exists, the process continues to write after its last row. */
  readonly goOn?: string
}

/** Starts another process that commits row after row. Returns the number of acknowledged rows before an error. */
async function rowsOfOther(table: string, { alsoReads = false, goOn = '' }: Writing = {}): Promise<number> {
  const program = `
    const { closeSync, existsSync, openSync, readdirSync } = require('node:fs')
    const database = require('better-sqlite3')(${JSON.stringify(file)}, { timeout: 60_000 })
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.exec('CREATE TABLE IF NOT EXISTS ${table} (x TEXT)')
    const insert = database.prepare('INSERT INTO ${table} VALUES (?)')
    let rows = 0
    try {
      for (; rows < ${ROWS_OF_OTHER} || existsSync(${JSON.stringify(goOn)}); rows++) {
        if (${alsoReads}) {
          database.exec('BEGIN IMMEDIATE')
          for (const name of readdirSync('.')) closeSync(openSync(name))
        }
        insert.run('x'.repeat(200))
        if (${alsoReads}) database.exec('COMMIT')
      }
    } catch {}
    console.log(rows)`
  const child = spawn(process.execPath, ['-e', program], {
    cwd: folder,
    env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules') },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let printed = ''
  child.stdout.on('data', (chunk) => (printed += chunk))
  await new Promise((resolve) => child.once('close', resolve))
  return Number(printed)
}

interface Kept {
  readonly integrity: unknown
  readonly other: unknown
  readonly own: unknown
}

function kept(own: string): Kept {
  const database = new Database(file)
  try {
    const count = (sql: string) => database.prepare(sql).pluck().get()
    return {
      integrity: database.pragma('integrity_check', { simple: true }),
      other: count('SELECT count(*) FROM other'),
      own: count(own),
    }
  } finally {
    database.close()
  }
}

describe("while a script reads the database's files again and again", () => {
  it('no acknowledged row of the engine or of another process is lost', { tags: ['proof'] }, async () => {
    const runner = await Runner.open({ database: file, durability: 'normal' })
    let executions = 0
    let reads = 0
    let acknowledged: number
    try {
      await runner.load(SCRIPT)
      await runner.start()
      const other = rowsOfOther('other', { goOn: tooFew })
      let isOver = false
      void other.then(() => (isOver = true))
      while (!isOver) {
        const results = await Promise.all(Array.from({ length: 20 }, () => runner.execute('count')))
        executions += results.filter(({ status }) => status === 'Completed').length
        reads = Number(results.at(-1)?.context.reads)
        if (reads >= READS) rmSync(tooFew, { force: true })
      }
      acknowledged = await other
    } finally {
      await runner.close()
    }

    expect(acknowledged).toBeGreaterThanOrEqual(ROWS_OF_OTHER)
    expect(reads).toBeGreaterThanOrEqual(READS)
    expect(kept("SELECT count(*) FROM executions WHERE status = 'Completed'")).toEqual({
      integrity: 'ok',
      other: acknowledged,
      own: executions,
    })
  })

  it.skipIf(process.platform === 'win32')('rows are lost if a process that writes reads the files, too', async () => {
    const rows = await Promise.all([rowsOfOther('own', { alsoReads: true }), rowsOfOther('other')])

    const { integrity, own, other } = keptOrDamaged()
    const isWhole = integrity === 'ok' && own === ROWS_OF_OTHER && other === ROWS_OF_OTHER
    expect(isWhole, `acknowledged: ${rows}`).toBe(false)
  })
})

function keptOrDamaged(): Kept {
  try {
    return kept('SELECT count(*) FROM own')
  } catch (error) {
    return { integrity: String(error), own: null, other: null }
  }
}
