/**
 * Virtual environment with packages that contain C code. pip creates it once, in the temporary folder. It is missing if
 * no package index can be reached.
 */

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PACKAGES = ['numpy', 'pandas', 'psycopg2-binary']
const INSTALLED_WITHIN_MS = 300_000

export interface NativePython {
  /** Path of the environment's Python, or null if the packages could not be installed. */
  readonly executable: string | null
  /** Reason why the packages could not be installed. */
  readonly reason: string
}

/** Returns the environment for the system's `python3`, and creates it if necessary. */
export function nativePython(): NativePython {
  const version = execFileSync('python3', ['-VV'], { encoding: 'utf8' })
  const digest = createHash('sha256').update(`${version}${PACKAGES}`).digest('hex').slice(0, 12)
  const folder = join(tmpdir(), `cloaca-native-${digest}`)
  const executable = join(folder, 'bin', 'python')
  if (existsSync(executable)) return { executable, reason: '' }
  const made = mkdtempSync(join(tmpdir(), 'cloaca-native-new-'))
  try {
    execFileSync('python3', ['-m', 'venv', made], { timeout: INSTALLED_WITHIN_MS, stdio: 'pipe' })
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:']
    execFileSync(join(made, 'bin', 'python'), [...install, ...PACKAGES], {
      timeout: INSTALLED_WITHIN_MS,
      stdio: 'pipe',
    })
    // Another test run may have created the folder in the same time.
    if (!existsSync(folder)) renameSync(made, folder)
    return { executable, reason: '' }
  } catch (error) {
    const [line = ''] = String((error as { stderr?: unknown }).stderr ?? error)
      .split('\n')
      .filter(Boolean)
      .slice(-1)
    return { executable: null, reason: `${PACKAGES.join(', ')} could not be installed: ${line}` }
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}
