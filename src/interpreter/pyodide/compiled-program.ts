/**
 * Pyodide's program: 1.2 MB of JavaScript, nearly all in one function. Node's compile cache has less than 1 % of its
 * code; compiling the rest takes 50 ms of each start. So it runs as a script, whose compiled code is stored next to
 * Node's own (Node 26). Used by `snapshot.ts`.
 *
 * Proved by `test/host/snapshot.test.ts`.
 */

import { isAscii } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { crc32 } from 'node:zlib'

type Program<Create> = (url: string, load: (name: string) => Promise<unknown>) => Create

const NAME = 'pyodide/pyodide.asm.mjs'
/** Size of the header: three 32-bit numbers, the checksums of the module and the code, and the script's length. */
const HEAD_BYTES = 12

interface Kept {
  readonly source: string
  readonly compiled: Buffer
}

/** Running program whose compiled code is not stored yet. */
let unkept: { readonly script: Script; readonly source: string; readonly checksum: number } | null = null

export async function loadProgram<Create>(): Promise<Create> {
  const url = import.meta.resolve(NAME)
  const path = keptPath()
  const module = readFileSync(fileURLToPath(url))
  const checksum = crc32(module)
  const kept = path === null ? null : read(path, checksum)
  const source = path === null ? null : (kept?.source ?? scriptOf(module))
  if (source === null) return ((await import(NAME)) as { readonly default: Create }).default
  const script = new Script(source, { filename: url, ...(kept !== null && { cachedData: kept.compiled }) })
  // V8 refuses code of another version, or with other flags.
  if (kept === null || script.cachedDataRejected === true) unkept = { script, source, checksum }
  const program = script.runInThisContext() as Program<Create>
  return program(url, (name) => import(name))
}

/**
 * Stores V8's compiled code of the program, unless stored. Call it when Python runs and before V8's flags change, which
 * would make V8 refuse it.
 */
export function keepCompiledProgram(): void {
  const path = keptPath()
  if (unkept === null || path === null) return
  const source = Buffer.from(unkept.source, 'latin1')
  const content = Buffer.concat([source, unkept.script.createCachedData()])
  const head = Buffer.alloc(HEAD_BYTES)
  for (const [index, number] of [unkept.checksum, crc32(content), source.length].entries())
    head.writeUInt32LE(number, 4 * index)
  unkept = null
  const unfinished = `${path}.${randomUUID()}.tmp`
  try {
    writeFileSync(unfinished, Buffer.concat([head, content]), { mode: 0o600, flag: 'wx' })
    renameSync(unfinished, path)
  } catch {
    removeIfPossible(unfinished) // a full disk, or a folder that may only be read: it is compiled at each start
  }
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    return // the file could not be written either
  }
}

/** Returns the module as a script, without `import.meta` and `export`; null for an unknown kind (Pyodide 314.0.7). */
function scriptOf(module: Buffer): string | null {
  if (!isAscii(module)) return null
  const body = module
    .toString('latin1')
    .replaceAll(/\bimport\.meta\.url\b/g, 'url')
    .replaceAll(/\bimport\(/g, 'load(')
    .replace(/\bexport default (\w+);?\s*$/, 'return $1')
  if (/\bimport\.meta\b|\bexport default\b/.test(body) || !/return \w+$/.test(body)) return null
  return `(function (url, load) { 'use strict'; ${body}\n})`
}

/** Returns a path in Node's folder for this version of V8 and its flags; null if Node keeps nothing. */
function keptPath(): string | null {
  const folder = getCompileCacheDir()
  return folder === undefined ? null : join(folder, 'pyodide-program.bin')
}

/** Returns null unless the file is whole and of this module. V8 compares the length of a script only. */
function read(path: string, checksum: number): Kept | null {
  let file: Buffer
  try {
    file = readFileSync(path)
  } catch {
    return null // the first start, or a folder that may not be read
  }
  if (file.length < HEAD_BYTES) return null
  const content = file.subarray(HEAD_BYTES)
  if (file.readUInt32LE(0) !== checksum || file.readUInt32LE(4) !== crc32(content)) return null
  const length = file.readUInt32LE(8)
  return { source: content.toString('latin1', 0, length), compiled: content.subarray(length) }
}
