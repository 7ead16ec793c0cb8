/**
 * Passes an alert to a command: as JSON on stdin, its kind and message also as environment variables, and never on the
 * command line. An exit code other than 0 is a failed delivery, and the first line on stderr is the reason.
 */

import { spawn } from 'node:child_process'
import type { Clock } from '../engine/clock-port.ts'
import type { Alert } from '../model/alert.ts'
import { alertJson } from './alert-json.ts'
import type { AlertTarget, AttemptResult } from './alert-target.ts'
import { ErrorOutput } from './error-output.ts'

const MAX_COMMAND_MS = 30_000

export interface CommandPorts {
  readonly clock: Clock
  /** Returns the environment variables of the command, without those of the alert. */
  readonly environment: () => NodeJS.ProcessEnv
}

export interface CommandOptions {
  readonly receiver: string
  /** Line for the system's shell, or list of a program and its arguments. */
  readonly command: string | readonly string[]
  readonly publicUrl: string | null
}

export function command(options: CommandOptions, { clock, environment }: CommandPorts): AlertTarget {
  const { receiver, command: words, publicUrl } = options
  const [program = '', ...args] = typeof words === 'string' ? [words] : words
  return {
    ...{ receiver, to: 'command' },
    shown: 'the command',
    send: (alert, stopping) =>
      new Promise<AttemptResult>((resolve) => {
        const child = spawn(program, args, {
          shell: typeof words === 'string',
          stdio: ['pipe', 'ignore', 'pipe'],
          env: { ...environment(), ...variablesOf(alert) },
          // Own process group, so that processes that the command started are ended with it.
          detached: process.platform !== 'win32',
        })
        const end = (): void => kill(child.pid)
        const timer = clock.wakeAfter(MAX_COMMAND_MS, end, 'ending the command of an alert')
        stopping.addEventListener('abort', end, { once: true })
        const settle = (error: string | null, code: number | null): void => {
          timer.cancel()
          stopping.removeEventListener('abort', end)
          resolve({ response: code === null ? null : `exit code ${code}`, error })
        }
        // Without free descriptors, Node gives a process that it could not start no streams.
        const errors = child.pid === undefined ? null : new ErrorOutput(child.stderr, clock)
        child.on('error', ({ message }) => settle(`the command did not start: ${message}`, null))
        child.on('exit', async (code, signal) => {
          timer.cancel()
          const failure = code === 0 ? null : withReason(ending(code, signal, stopping), await errors?.firstLine())
          settle(failure, code)
        })
        if (errors === null) return
        child.stdin.on('error', () => undefined) // Ignored: the command may end without reading its input
        child.stdin.end(alertJson(alert, publicUrl))
        if (stopping.aborted) end()
      }),
  }
}

function variablesOf({ kind, message }: Alert): NodeJS.ProcessEnv {
  return { CLOACA_ALERT_KIND: kind, CLOACA_ALERT_MESSAGE: message.replaceAll('\0', '') }
}

function ending(code: number | null, signal: NodeJS.Signals | null, stopping: AbortSignal): string {
  if (stopping.aborted) return 'the engine stopped'
  return code === null
    ? `the command was killed by ${signal} (its time limit is ${MAX_COMMAND_MS / 1_000} s)`
    : `the command exited with code ${code}`
}

function withReason(failure: string, reason: string | null = null): string {
  return reason === null ? failure : `${failure}: ${reason}`
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // Ignored: the command has ended by itself
  }
}
