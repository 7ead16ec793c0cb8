/** A server with a full disk. The test mounts and fills a file system for it, which only root on Linux may do. */

import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ObservedRunner } from '../support/observed-runner.ts'
import { OwnPostgres, ownFolder, serversFolder } from '../support/own-postgres.ts'
import { administer, otherUser } from '../support/postgres-server.ts'

const isRoot = process.platform === 'linux' && process.getuid?.() === 0
const TASKS = 20
const PAGE = new Uint8Array(4_096)

/** Mounts a small file system for the tables of the database. The write-ahead log of the server is on another one. */
function smallDisk(): { readonly path: string } & Disposable {
  const parent = ownFolder()
  const disk = serversFolder(parent, 'disk')
  const user = otherUser()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=40m,uid=${user?.uid},gid=${user?.gid},mode=0700`, 'tmpfs', disk])
  return {
    path: disk,
    [Symbol.dispose]() {
      execFileSync('umount', ['-l', disk])
      rmSync(parent, { recursive: true, force: true })
    },
  }
}

test.skipIf(!isRoot)(
  'a full disk causes an error but no loss, and executions resume when space is free',
  { tags: ['proof'] },
  async () => {
    using disk = smallDisk()
    using own = OwnPostgres.start()
    const { server } = own
    await administer(server.url('postgres'), `CREATE TABLESPACE small LOCATION '${disk.path}'`)
    await administer(server.url('postgres'), 'CREATE DATABASE app TABLESPACE small')
    const url = server.url('app')
    const observed = await ObservedRunner.start(['failover.py'], { database: url, durability: 'full' })
    const { runner } = observed
    const before = await Promise.all(
      Array.from({ length: TASKS }, (_, index) => runner.workflows.submit('counts', { index })),
    )
    await observed.until('executionFinished')

    // Writes cached rows to the disk before it is full.
    await administer(url, 'CHECKPOINT')
    const ballast = fill(disk.path)
    const refused = await refusal(() => runner.workflows.submit('counts', { index: -1, text: 'x'.repeat(200_000) }))
    rmSync(ballast)
    await observed.until('executionFinished', () => true, TASKS)
    const after = await runner.execute('counts', { index: TASKS })

    expect(refused).toMatchObject({
      code: 'DATABASE_FAILED',
      message: expect.stringMatching(/No space left.*The server ran out of disk/s),
    })
    expect(after.status).toBe('Completed')
    const listed = await runner.executions.list({ limit: 1_000 })
    const known = listed.filter(({ id }) => before.includes(id))
    expect(known.map(({ status }) => status)).toEqual(Array.from({ length: TASKS }, () => 'Completed'))
    await observed[Symbol.asyncDispose]()
  },
)

/** Fills the disk to the last page. Returns the path of the file that fills it. */
function fill(folder: string): string {
  const path = join(folder, 'ballast')
  const file = openSync(path, 'w')
  try {
    for (let page = 0; page < 100_000; page++) writeSync(file, PAGE)
  } catch {
    // The disk is full.
  }
  closeSync(file)
  return path
}

/** Repeats an action until it fails, because the pages of a table may still have room. Returns the error. */
async function refusal(act: () => Promise<unknown>): Promise<unknown> {
  for (let times = 0; times < 50; times++) {
    try {
      await act()
    } catch (error) {
      return error
    }
  }
  return null
}
