/**
 * The process as Python shall see it, read once when the host is opened. Called by the runner and the command line.
 */

import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism, hostname, userInfo } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import type { ProcessSettings } from '../../border/protocol.ts'
import { cacheFolder } from './cache-folder.ts'
import { projectPackages } from './project-packages.ts'

/** `notice` hears of packages that are not used. */
export function currentProcessSettings(
  argv: readonly string[],
  notice: (message: string) => void = () => undefined,
): ProcessSettings {
  const environ = currentEnvironment()
  const packages = projectPackages([process.cwd(), dirname(resolve(argv[0] ?? ''))], notice)
  return {
    environ,
    argv,
    cwd: process.cwd(),
    executable: process.execPath,
    hostname: hostname(),
    user: userInfo().username,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    euid: process.geteuid?.() ?? 0,
    egid: process.getegid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
    umask: process.umask(),
    cpuCount: availableParallelism(),
    terminalSize: terminalSize(),
    pythonPath: (environ.PYTHONPATH ?? '').split(delimiter).filter((entry) => entry !== ''),
    sitePackages: [...packages, ...sitePackagesOf(environ)],
    bytecodeFolder: environ.PYTHONPYCACHEPREFIX || join(cacheFolder(environ), 'bytecode'),
  }
}

function terminalSize(): readonly [number, number] | null {
  for (const stream of [process.stdout, process.stderr]) if (stream.isTTY) return stream.getWindowSize()
  return null
}

function currentEnvironment(): Record<string, string> {
  const environ: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) environ[name] = value
  return environ
}

/** The package folders of an active virtual environment: its pure-Python packages work here too. */
function sitePackagesOf(environ: Readonly<Record<string, string>>): string[] {
  const root = environ.VIRTUAL_ENV
  if (root === undefined || root === '') return []
  const libraries = join(root, 'lib')
  if (!existsSync(libraries)) return []
  return readdirSync(libraries)
    .map((name) => join(libraries, name, 'site-packages'))
    .filter((folder) => existsSync(folder))
}
