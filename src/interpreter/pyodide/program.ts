/**
 * Pyodide's program: 1.2 MB of JavaScript, nearly all of it in one function. Node's compile cache has what V8 compiles before a module
 * runs, which is not a hundredth of what is needed until Python is there; compiling the rest takes 50 ms of each start. So the program
 * is run as a script, and what V8 has compiled for it is kept once it has run, beside Node's own (Node 26). Used by `snapshot.ts`.
 */

import { randomUUID } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { crc32 } from 'node:zlib'

type Program<Create> = (url: string, load: (name: string) => Promise<unknown>) => Create

const NAME = 'pyodide/pyodide.asm.mjs'
/** In front of what is kept: checksums of the program and of what follows. V8 looks at the program's length only. */
const HEAD_BYTES = 8

/** It runs, and what V8 compiles for it is not kept yet. */
let unkept: { readonly script: Script; readonly checksum: number } | null = null

/** The function that makes Pyodide's module. */
export async function loadProgram<Create>(): Promise<Create> {
  const url = import.meta.resolve(NAME)
  const source = scriptOf(readFileSync(fileURLToPath(url), 'utf8'))
  const path = keptPath()
  if (source === null || path === null) return ((await import(NAME)) as { readonly default: Create }).default
  const checksum = crc32(source)
  const cachedData = kept(path, checksum)
  const script = new Script(source, { filename: url, ...(cachedData !== null && { cachedData }) })
  // V8 refuses what another version of it has made, or one with other flags.
  if (cachedData === null || script.cachedDataRejected === true) unkept = { script, checksum }
  const program = script.runInThisContext() as Program<Create>
  return program(url, (name) => import(name))
}

/**
 * Keeps what V8 has compiled of the program so far, unless it is kept. To be called when Python is there, and before V8's flags are
 * changed: it would be refused.
 */
export function keepCompiledProgram(): void {
  const path = keptPath()
  if (unkept === null || path === null) return
  const compiled = unkept.script.createCachedData()
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32LE(unkept.checksum, 0)
  head.writeUInt32LE(crc32(compiled), 4)
  unkept = null
  const unfinished = `${path}.${randomUUID()}.tmp`
  try {
    writeFileSync(unfinished, Buffer.concat([head, compiled]), { mode: 0o600, flag: 'wx' })
    renameSync(unfinished, path)
  } catch {
    rmSync(unfinished, { force: true }) // a folder that may only be read, or a full disk: it is compiled at each start
  }
}

/** The module as a script, which may say neither `import.meta` nor `export`; null when it is not of the known kind (Pyodide 314.0.7). */
function scriptOf(moduleSource: string): string | null {
  const body = moduleSource
    .replaceAll(/\bimport\.meta\.url\b/g, 'url')
    .replaceAll(/\bimport\(/g, 'load(')
    .replace(/\bexport default (\w+);?\s*$/, 'return $1')
  if (/\bimport\.meta\b|\bexport default\b/.test(body) || !/return \w+$/.test(body)) return null
  return `(function (url, load) { 'use strict'; ${body}\n})`
}

/** In the folder that Node keeps for this version of V8 and its flags. Null where it keeps nothing. */
function keptPath(): string | null {
  const folder = getCompileCacheDir()
  return folder === undefined ? null : join(folder, 'pyodide-program.bin')
}

function kept(path: string, checksum: number): Buffer | null {
  let file: Buffer
  try {
    file = readFileSync(path)
  } catch {
    return null // the first start, or a folder that may not be read
  }
  const compiled = file.subarray(HEAD_BYTES)
  const isWhole =
    file.length > HEAD_BYTES && file.readUInt32LE(0) === checksum && file.readUInt32LE(4) === crc32(compiled)
  return isWhole ? compiled : null
}
