/**
 * A virtual environment with packages that have C code: made once on a machine, with pip, and kept in the temporary folder. Nobody
 * has it where no index can be reached.
 */

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PACKAGES = ['numpy', 'pandas', 'psycopg2-binary']
const INSTALLED_WITHIN_MS = 300_000

export interface NativePython {
  /** Null where it could not be made. */
  readonly executable: string | null
  /** Why it could not. */
  readonly reason: string
}

/** Of the machine's `python3`. */
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
    // Another run may have made it meanwhile.
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
