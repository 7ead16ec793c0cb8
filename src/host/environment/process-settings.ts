/**
 * Settings of the process as Python sees them, read once when the host opens. Called by the runner and command line.
 */

import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism, hostname, userInfo } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import type { ProcessSettings, PythonOptions } from '../../border/protocol.ts'
import { cacheFolder } from './cache-folder.ts'
import { projectPackages } from './project-packages.ts'
import { handedDescriptors, hiddenVariables, inheritedPackages, pythonLauncher } from './python-launcher.ts'

export interface SettingsOptions {
  /** Options of Python's command line. Default: Python's environment variables. */
  readonly python?: PythonOptions | undefined
  /** Memory limit of a Python that the script starts. */
  readonly memoryMebibytes: number
}

/** Calls `notice` for packages that are not used, and for a launcher that cannot be made. */
export function currentProcessSettings(
  argv: readonly string[],
  notice: (message: string) => void = () => undefined,
  { python = optionsIn(process.env), memoryMebibytes }: SettingsOptions = { memoryMebibytes: 1024 },
): ProcessSettings {
  const environ = currentEnvironment()
  const own = projectPackages([process.cwd(), dirname(resolve(argv[0] ?? ''))], notice)
  const packages = [...new Set([...own, ...inheritedPackages(process.env)])]
  return {
    environ,
    argv,
    cwd: process.cwd(),
    executable: pythonLauncher({ environ: process.env, memoryMebibytes, packages }, notice),
    hostname: hostname(),
    user: userName(),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    euid: process.geteuid?.() ?? 0,
    egid: process.getegid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
    umask: process.umask(),
    cpuCount: availableParallelism(),
    terminalSize: terminalSize(),
    pythonPath: (python.environ.PYTHONPATH ?? '').split(delimiter).filter((entry) => entry !== ''),
    sitePackages: [...packages, ...sitePackagesOf(process.env)],
    python,
    handedDescriptors: handedDescriptors(process.env),
    bytecodeFolder: python.environ.PYTHONPYCACHEPREFIX || join(cacheFolder(process.env), 'bytecode'),
  }
}

/** Returns null for a user whom the system does not know, as in a container that runs under a number. */
function userName(): string | null {
  try {
    return userInfo().username
  } catch {
    return null
  }
}

function terminalSize(): readonly [number, number] | null {
  for (const stream of [process.stdout, process.stderr]) if (stream.isTTY) return stream.getWindowSize()
  return null
}

/** Returns `os.environ` of scripts, without secret variables. */
export function currentEnvironment(): Record<string, string> {
  const environ: Record<string, string> = {}
  const hidden = hiddenVariables(process.env)
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !hidden.has(name)) environ[name] = value
  }
  return environ
}

function optionsIn(environ: NodeJS.ProcessEnv): PythonOptions {
  const heeded = Object.entries(environ).filter(([name, value]) => name.startsWith('PYTHON') && value !== undefined)
  return { environ: Object.fromEntries(heeded) as Record<string, string>, flags: {}, xOptions: [] }
}

/** Returns the package folders of an active virtual environment. Its pure-Python packages work here too. */
function sitePackagesOf(environ: NodeJS.ProcessEnv): string[] {
  const root = environ.VIRTUAL_ENV
  if (root === undefined || root === '') return []
  const libraries = join(root, 'lib')
  if (!existsSync(libraries)) return []
  return readdirSync(libraries)
    .map((name) => join(libraries, name, 'site-packages'))
    .filter((folder) => existsSync(folder))
}

/** Omits variables that are hidden from scripts, because scripts can read `/proc/self/environ`. */
export function environmentFor({ environ }: Pick<ProcessSettings, 'environ'>): NodeJS.ProcessEnv {
  const isForScripts = (name: string) => !name.startsWith('CLOACA_') || Object.hasOwn(environ, name)
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isForScripts(name)))
}
