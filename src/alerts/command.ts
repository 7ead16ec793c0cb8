/**
 * Hands an alert to a command: as JSON on its stdin, its kind and message in the environment as well. Nothing of an alert
 * becomes part of the command line. What exits with another code than 0 has not received it.
 */

import { spawn } from 'node:child_process'
import type { Clock } from '../engine/ports.ts'
import type { Alert } from '../model/alert.ts'
import { alertJson } from './alert-json.ts'
import type { AlertReceiver } from './delivery-queue.ts'

const LONGEST_MS = 30_000

export interface CommandPorts {
  readonly clock: Clock
  /** Returns the variables that the command has besides those of its alert. */
  readonly environment: () => NodeJS.ProcessEnv
}

/** A text is a line for the system's shell, a list a program with its arguments. */
export function command(words: string | readonly string[], { clock, environment }: CommandPorts): AlertReceiver {
  const [program = '', ...args] = typeof words === 'string' ? [words] : words
  return {
    to: 'command',
    shown: 'the command',
    send: (alert, stopping) =>
      new Promise((resolve, reject) => {
        const child = spawn(program, args, {
          shell: typeof words === 'string',
          stdio: ['pipe', 'ignore', 'ignore'],
          env: { ...environment(), ...variablesOf(alert) },
          // A group of its own, so that what it has started is ended with it.
          detached: process.platform !== 'win32',
        })
        const end = (): void => kill(child.pid)
        const timer = clock.wakeAfter(LONGEST_MS, end, 'ending the command of an alert')
        stopping.addEventListener('abort', end, { once: true })
        const settle = (error: Error | null): void => {
          timer.cancel()
          stopping.removeEventListener('abort', end)
          if (error === null) resolve()
          else reject(error)
        }
        child.on('error', ({ message }) => settle(new Error(`the command did not start: ${message}`)))
        child.on('exit', (code, signal) => settle(code === 0 ? null : new Error(ending(code, signal, stopping))))
        child.stdin.on('error', () => undefined) // one that reads nothing
        child.stdin.end(alertJson(alert))
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
    ? `the command was killed by ${signal} (its time limit is ${LONGEST_MS / 1_000} s)`
    : `the command exited with code ${code}`
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
