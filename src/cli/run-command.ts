/** `cloaca run`: runs a script, module, code or stdin as `python` does. */

import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { HostError } from '../errors.ts'
import type { LogSink } from '../index.ts'
import { checkValue } from '../options/checked.ts'
import type { Program, ProgramTarget } from '../runner/python-program.ts'
import type { ProgramLimits } from '../runner/start/program-limits.ts'
import { beginProgram } from '../runner/start/program-start.ts'
import { pythonVersion } from '../runner/start/python-version.ts'
import { programLimitsFromSettings, pythonFromSettings } from '../runner/start/setting-options.ts'
import { loadSettings, type Settings } from '../settings/settings.ts'
import { getSetting, SETTINGS, type SettingKey } from '../settings/settings-table.ts'
import { openLog } from './engine-log.ts'
import { printMessage, printUsage, UsageMistake } from './print.ts'
import {
  type OwnOption,
  type OwnOptions,
  type PythonCommandLine,
  type PythonTarget,
  PythonUsage,
  parsePython,
} from './python/python-options.ts'
import { RESTRICTION_KEYS } from './settings/restriction-keys.ts'
import { writeStdout } from './standard-streams.ts'
import { whenNpmIsGone } from './start/npm.ts'

const USAGE = `usage: cloaca run SCRIPT.py [ARGS…]
       cloaca run -m MODULE [ARGS…]
       cloaca run -c CODE [ARGS…]
       cloaca run - [ARGS…]          (the program is read from stdin)

Runs a Python program like python: the program gets the arguments and stdin, and
its output, traceback and exit code are passed on. Runners that the program opens
are closed when the program ends.

  -u        do not buffer output
  -W RULE   control warnings, like PYTHONWARNINGS
  -B        do not write .pyc files
  -E        ignore PYTHON* environment variables
  -I        like -E and -P together
  -P        do not search the program's folder for modules
  -X OPTION set a python option: dev, or any name for sys._xoptions
  --memory SIZE
            limit memory, such as 2gb; a bare number means MiB (default: 1gb)
  --secrets FOLDER
            read the secrets of tasks from files in this folder
  --settings FILE
            read settings from this file (default: cloaca.toml or package.json)
  --restrict
            restrict the program to its own folder; grant more access with
            --allow-read PATH, --allow-write PATH, --allow-net HOST, --allow-env NAME, --allow-ffi
  --        pass all later options to the program, even --restrict
  --python PYTHON
            run the program with this CPython (name or path) (default: pyodide)

Examples:
  cloaca run report.py --month 5
  cloaca run -m pytest tests`

const INTERRUPTED = 130
const SIGNALLED = 128
/** After this time, a script that ignored Ctrl-C computes or hangs in C: the next one ends it. */
const IGNORED_AFTER_MS = 2_000

type GivenFlags = Partial<Record<SettingKey, string>>

const RESTRICT_FLAG = '--restrict'
const RESTRICTION_FLAGS: ReadonlySet<string | null> = new Set(RESTRICTION_KEYS.map((key) => SETTINGS[key].flag))

const SETTINGS_OF_PROGRAM = ['limits.memory', 'secrets', 'python', ...RESTRICTION_KEYS] as const

/** Runs a program. All arguments after the target belong to it. */
export async function runCommand(words: readonly string[]): Promise<number> {
  const given: GivenFlags = {}
  let file: string | undefined
  const fileOption: OwnOption = {
    takesArgument: true,
    given(name) {
      file = name
    },
  }
  const flags = SETTINGS_OF_PROGRAM.map((key) => [getSetting(key).flag, optionFor(key, given)] as const)
  const own: OwnOptions = { '--settings': fileOption, ...Object.fromEntries(flags) }
  const commandLine = readCommandLine(words, own)
  if (commandLine.target.kind === 'help') {
    printUsage(USAGE)
    return 0
  }
  const { target, words: forPython } = commandLine
  if (target.kind === 'path' && target.rest.length === 0)
    throw new UsageMistake('There is no program to run. Name a script, such as: cloaca run report.py', USAGE)
  refuseLateRestriction(commandLine, given)
  const settings = settingsFrom(given, file)
  const python = pythonFromSettings(settings, placedTarget(target))
  if (python.kind === 'cpython') {
    const environ = { ...process.env, ...variablesFrom(given, file) }
    const { becomePython } = await import('../host/cpython/become-python.ts')
    return await becomePython({ executable: python.executable, words: forPython, environ })
  }
  if (target.kind === 'version') {
    writeStdout(`Python ${pythonVersion()}\n`)
    return 0
  }
  const code = await runPython(commandLine, settings)
  return code < 0 ? SIGNALLED - code : code
}

/** Rejects options that would reach the program and restrict nothing. "--" precedes a program with such an option. */
function refuseLateRestriction({ target, words }: PythonCommandLine, given: GivenFlags): void {
  if (given.restrict !== undefined || !('rest' in target)) return
  const isPath = target.kind === 'path'
  if (isPath && words.at(-1 - target.rest.length) === '--') return
  const late = target.rest.slice(isPath ? 1 : 0).find((word) => RESTRICTION_FLAGS.has(word.split('=', 1)[0] ?? ''))
  if (late === undefined) return
  const program = { path: target.rest[0], module: '-m MODULE', code: '-c CODE' }[target.kind]
  const flags = late === RESTRICT_FLAG ? RESTRICT_FLAG : `${RESTRICT_FLAG} ${late}`
  throw new UsageMistake(
    `"${late}" has no effect after the program. Write: cloaca run ${flags} … ${program} …\n` +
      `If "${late}" is an option of the program itself, write: cloaca run -- ${isPath ? program : 'FILE.py'} … ${late}`,
  )
}

function readCommandLine(words: readonly string[], own: OwnOptions): PythonCommandLine {
  try {
    return parsePython(words, process.env, own)
  } catch (error) {
    if (!(error instanceof PythonUsage)) throw error
    const { option, lacks } = error
    throw new UsageMistake(
      lacks === null ? `cloaca run has no option "${option}".` : `${option} needs ${lacks}.`,
      USAGE,
    )
  }
}

/** Returns the exit code, or the negative number of the signal that ended it. */
export async function runPython(
  { options, target }: PythonCommandLine,
  settings: Settings = settingsFrom({}),
): Promise<number> {
  return runTarget(targetOf(target), { ...programLimitsFromSettings(settings), python: options })
}

/** Runs a program and passes signals on to it. Returns its exit code. */
export async function runTarget(target: ProgramTarget, limits: ProgramLimits = {}): Promise<number> {
  let program: Program | null = null
  const starting = startUnlessInterrupted(target, limits)
  passSignals(() => program)
  program = await starting
  if (program === null) return INTERRUPTED
  whenNpmIsGone(() => program?.signal(constants.signals.SIGTERM))
  return await program.exitCode
}

/**
 * Passes signals on. Without a program they have their default effects. Must be called before the program exists: it
 * may expect Ctrl-C before this process runs its next line.
 */
function passSignals(program: () => Program | null): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, function heard() {
      const running = program()
      if (running === null) {
        process.off(signal, heard)
        process.kill(process.pid, signal)
      } else if (signal === 'SIGINT') void interrupt(running)
      else running.signal(constants.signals[signal])
    })
  }
}

async function interrupt(program: Program): Promise<void> {
  const untakenMs = await program.interrupt(constants.signals.SIGINT)
  if (untakenMs > IGNORED_AFTER_MS) process.exit(INTERRUPTED)
}

/** Returns null if Ctrl-C came before the script started. */
async function startUnlessInterrupted(target: ProgramTarget, limits: ProgramLimits): Promise<Program | null> {
  try {
    return await startEarly(target, openLog('warn'), limits)
  } catch (error) {
    if (error instanceof HostError && error.code === 'INTERPRETER_INTERRUPTED') return null
    throw error
  }
}

/** Starts the process of the program while its other modules are loaded. */
async function startEarly(target: ProgramTarget, log: LogSink, limits: ProgramLimits): Promise<Program> {
  const start = beginProgram(target.argv, (message) => log({ level: 'warn', message }), limits)
  const { continueProgram } = await import('../runner/python-program.ts')
  return await continueProgram(start, target, log, limits)
}

function optionFor(key: SettingKey, given: GivenFlags): OwnOption {
  const { flag, type, placeholder, isRepeatable } = getSetting(key)
  return {
    takesArgument: placeholder !== '',
    given(text) {
      const [problem] = checkValue(type.schema, type.fromText(text), flag ?? key, { shown: text }).problems
      if (problem !== undefined) throw new UsageMistake(problem.message, USAGE)
      const before = given[key]
      given[key] = isRepeatable && before !== undefined ? `${before},${text}` : text
    },
  }
}

function settingsFrom(flags: GivenFlags, file?: string): Settings {
  const settings = loadSettings({ folder: process.cwd(), file, environment: process.env, flags })
  for (const warning of settings.warnings) printMessage(warning)
  return settings
}

/** Returns the flags as variables, for an engine that the program starts. */
function variablesFrom({ 'limits.memory': memory, secrets }: GivenFlags, file?: string): NodeJS.ProcessEnv {
  return {
    ...(file !== undefined && { CLOACA_SETTINGS: resolve(file) }),
    ...(memory !== undefined && { [SETTINGS['limits.memory'].variable]: memory }),
    ...(secrets !== undefined && { [SETTINGS.secrets.variable]: resolve(secrets) }),
  }
}

/** Returns the program that a place can contain, or null. */
function placedTarget(target: PythonTarget): ProgramTarget | null {
  if (target.kind === 'module') return { kind: 'module', name: target.text, argv: [] }
  const [path] = target.kind === 'path' ? target.rest : []
  return path === undefined || path === '-' ? null : { kind: 'file', path, argv: [] }
}

function targetOf(target: PythonTarget): ProgramTarget {
  if (target.kind === 'module') return { kind: 'module', name: target.text, argv: [target.text, ...target.rest] }
  if (target.kind === 'code') return { kind: 'code', code: target.text, argv: ['-c', ...target.rest] }
  const [first, ...rest] = 'rest' in target ? target.rest : []
  if (first === undefined || first === '-') {
    return { kind: 'stdin', code: readFileSync(0, 'utf8'), argv: first === undefined ? [''] : ['-', ...rest] }
  }
  if (!existsSync(first)) throw new UsageMistake(`File "${resolve(first)}" not found. Check the path.`)
  return { kind: 'file', path: first, argv: [first, ...rest] }
}
