/**
 * Digest of the code that a process runs at its border. If it differs between the engine and an interpreter, they are
 * from different installations, as after an update under a running engine.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Digest that `tools/build-engine.ts` puts into a build of a few files. */
declare const CLOACA_BORDER_DIGEST: string | undefined

let digest: string | null = typeof CLOACA_BORDER_DIGEST === 'string' ? CLOACA_BORDER_DIGEST : null

/** Covers `package.json`, which has the version, and this folder. Computed once, in half a millisecond. */
export function borderDigest(): string {
  digest ??= folderDigest(fileURLToPath(new URL('.', import.meta.url)))
  return digest
}

export function folderDigest(folder: string): string {
  // Loading it takes 6 ms, which the start of an interpreter does not have to wait for.
  const { createHash } = process.getBuiltinModule('node:crypto')
  const hash = createHash('sha256')
  const description = new URL('../../package.json', import.meta.url)
  if (existsSync(description)) hash.update(readFileSync(description)) // missing if only the code was copied
  const names = readdirSync(folder).filter((name) => /\.ts$/.test(name) && !name.endsWith('.d.ts'))
  for (const name of names.sort()) hash.update(`\0${name}\0`).update(readFileSync(`${folder}/${name}`))
  return hash.digest('hex').slice(0, 16)
}
