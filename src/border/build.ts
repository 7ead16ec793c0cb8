/**
 * Which code this process runs at its border: an engine and an interpreter that do not agree on it are of different
 * installations, as after an update under a running engine.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Where all of it is in a few files: `tools/build-engine.ts` puts it there. */
declare const CLOACA_BORDER_DIGEST: string | undefined

let digest: string | null = typeof CLOACA_BORDER_DIGEST === 'string' ? CLOACA_BORDER_DIGEST : null

/** Of the package's description, which has its version, and of this folder: what both ends share. Read once, which takes half a millisecond. */
export function borderDigest(): string {
  digest ??= digestOf(fileURLToPath(new URL('.', import.meta.url)))
  return digest
}

/** Exported for its test. */
export function digestOf(folder: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto') // 6 ms, which the start of an interpreter need not wait for
  const hash = createHash('sha256')
  const description = new URL('../../package.json', import.meta.url)
  if (existsSync(description)) hash.update(readFileSync(description)) // it is not where only the code was copied
  const names = readdirSync(folder).filter((name) => /\.ts$/.test(name) && !name.endsWith('.d.ts'))
  for (const name of names.sort()) hash.update(`\0${name}\0`).update(readFileSync(`${folder}/${name}`))
  return hash.digest('hex').slice(0, 16)
}
