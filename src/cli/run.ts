/** `cloaca run`: runs a script, module, code or stdin as `python` does. */

import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import { HostError } from '../errors.ts'
import { type Program, type ProgramLimits, type ProgramTarget, startProgram } from '../runner/program.ts'
import { programLimitsOf } from '../runner/project-options.ts'
import { loadSettings } from '../settings/settings.ts'
import { SETTINGS } from '../settings/table.ts'
import { openLog } from './log.ts'
import { whenNpmIsGone } from './npm.ts'
import { printUsage, UsageMistake } from './print.ts'

const USAGE = `usage: cloaca run SCRIPT.py [ARGS…]
       cloaca run -m MODULE [ARGS…]
       cloaca run -c CODE [ARGS…]
       cloaca run - [ARGS…]          (the program is read from stdin)

Runs a Python program as python does: the arguments, stdin, stdout, stderr, the
traceback and the exit code are its own. Runners that it opens live until it ends.

  -u        do not buffer output
  -W RULE   control warnings, as PYTHONWARNINGS does
  -B        do not write .pyc files
  --memory SIZE
            memory limit, such as 2gb; a number alone means MiB; default: 1gb

Examples:
  cloaca run report.py --month 5
  cloaca run -m pytest tests`

const INTERRUPTED = 130
/** A script that takes no Ctrl-C for so long computes in C, or hangs there: the next one ends it. */
const IGNORED_AFTER_MS = 2_000

/** Flags for settings, as texts. */
interface GivenFlags {
  readonly memory?: string
}

/** Options that python has a variable for. */
const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['-u', 'PYTHONUNBUFFERED'],
  ['-B', 'PYTHONDONTWRITEBYTECODE'],
])

/** Parses what follows `run` by hand, as python does: everything behind the target belongs to the program. */
export async function runCommand(words: readonly string[], given: GivenFlags = {}): Promise<number> {
  const [first, ...rest] = words
  const variable = first === undefined ? undefined : VARIABLES.get(first)
  if (variable !== undefined) {
    process.env[variable] = '1'
    return runCommand(rest, given)
  }
  if (first === '--memory') {
    const [amount = '', ...behind] = rest
    return runCommand(behind, { ...given, memory: memoryFlag(amount) })
  }
  if (first === '-W') {
    const [rule, ...behind] = rest
    if (rule === undefined) throw new UsageMistake('-W needs a rule.', USAGE)
    process.env.PYTHONWARNINGS = [process.env.PYTHONWARNINGS, rule].filter(Boolean).join(',')
    return runCommand(behind, given)
  }
  if (first === '-h' || first === '--help') {
    printUsage(USAGE)
    return 0
  }
  return runTarget(targetOf(words), limitsFrom(given))
}

/** Runs a program; signals are passed on to it. Returns its exit code. */
export async function runTarget(target: ProgramTarget, limits: ProgramLimits = {}): Promise<number> {
  const program = await startUnlessInterrupted(target, limits)
  if (program === null) return INTERRUPTED
  const interrupt = async () => {
    const untakenMs = await program.interrupt(constants.signals.SIGINT)
    if (untakenMs > IGNORED_AFTER_MS) process.exit(INTERRUPTED)
  }
  process.on('SIGINT', () => void interrupt())
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => program.signal(constants.signals[signal]))
  }
  whenNpmIsGone(() => program.signal(constants.signals.SIGTERM))
  return await program.exitCode
}

/** Null when Ctrl-C came before there was a script to have it. */
async function startUnlessInterrupted(target: ProgramTarget, limits: ProgramLimits): Promise<Program | null> {
  try {
    return await startProgram(target, openLog('warn'), limits)
  } catch (error) {
    if (error instanceof HostError && error.code === 'INTERPRETER_INTERRUPTED') return null
    throw error
  }
}

function memoryFlag(text: string): string {
  const { type } = SETTINGS['limits.memory']
  if (type.readText(text) === undefined) throw new UsageMistake(`--memory must be ${type.expected}.`, USAGE)
  return text
}

/** What the flags, the environment and the project's settings allow a program. */
function limitsFrom(given: GivenFlags): ProgramLimits {
  const flags = given.memory === undefined ? {} : { 'limits.memory': given.memory }
  return programLimitsOf(loadSettings({ folder: process.cwd(), environment: process.env, flags }))
}

function targetOf(words: readonly string[]): ProgramTarget {
  const [first, second, ...rest] = words
  if (first === undefined) throw new UsageMistake('There is nothing to run.', USAGE)
  if (first === '-m' || first === '-c') {
    if (second === undefined) {
      throw new UsageMistake(`${first} needs ${first === '-m' ? 'the name of a module' : 'code'}.`, USAGE)
    }
    return first === '-m'
      ? { kind: 'module', name: second, argv: [second, ...rest] }
      : { kind: 'code', code: second, argv: ['-c', ...rest] }
  }
  if (first === '-') return { kind: 'stdin', code: readFileSync(0, 'utf8'), argv: [...words] }
  if (first.startsWith('-')) {
    throw new UsageMistake(`cloaca run has no option "${first}".`, USAGE)
  }
  if (!existsSync(first)) throw new UsageMistake(`There is no file "${resolve(first)}" to run. Check the path.`)
  return { kind: 'file', path: first, argv: [...words] }
}
