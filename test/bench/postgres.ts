/**
 * Benchmark of engines on PostgreSQL, next to the commit rate of the bare server: executions per second of one, two and
 * four processes, time from a firing to its first task in the same and in another process, and cost of ten thousand
 * triggers.
 */

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Runner } from '../../src/index.ts'
import { administer, durablePostgres } from '../support/postgres-server.ts'
import type { Figure } from './figure.ts'

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const PROGRAMS = fileURLToPath(new URL('./programs/', import.meta.url))
const SECONDS = 6
/** Time that the start of each additional process takes. */
const READY_WITHIN_S = 2.5
const ASKED = 200
const TASKS_AN_EXECUTION = 1

type Numbers = Readonly<Record<string, number>>

export async function postgresFigures(): Promise<Figure[]> {
  using server = durablePostgres()
  await administer(server.url('postgres'), 'CREATE DATABASE bench')
  const url = server.url('bench')
  const figures: Figure[] = []
  const bare = commitRate(server.binaries, server.socketFolder)
  if (bare !== null) {
    figures.push({ name: 'commits of the bare server by 8 clients (pgbench)', value: bare, unit: '/s' })
  }
  for (const count of [1, 2, 4]) {
    const begin = String(Date.now() / 1000 + READY_WITHIN_S * count)
    const working = Array.from({ length: count }, () => run('busy.py', [url, String(SECONDS), begin]))
    const numbers = await Promise.all(working)
    const value = numbers.reduce((sum, { per_s = 0 }) => sum + per_s, 0) * TASKS_AN_EXECUTION
    const name = `executions that ${count} ${count === 1 ? 'process stores' : 'processes store'}`
    figures.push({ name, value, unit: '/s', ...(count === 1 && { budget: 2_000 }) })
  }
  const { p50_ms: near = Number.NaN, p99_ms: nearSlow = Number.NaN } = await run('firing.py', [url])
  figures.push({ name: 'firing to its first task, p50', value: near, unit: 'ms', budget: 8 })
  figures.push({ name: 'firing to its first task, p99', value: nearSlow, unit: 'ms' })
  const { p50_ms: far = Number.NaN, p99_ms: farSlow = Number.NaN } = await arrivals(url)
  figures.push({ name: 'asked for in another process to its first task, p50', value: far, unit: 'ms', budget: 30 })
  figures.push({ name: 'asked for in another process to its first task, p99', value: farSlow, unit: 'ms' })
  const {
    polls = Number.NaN,
    p99_ms = Number.NaN,
    cpu_s = Number.NaN,
  } = await run('polls.py', ['10000', String(SECONDS), '0', url])
  figures.push({ name: '10,000 triggers every second: polls', value: polls / SECONDS, unit: '/s' })
  figures.push({ name: '10,000 triggers every second: lateness p99', value: p99_ms, unit: 'ms' })
  figures.push({ name: '10,000 triggers every second: share of one core', value: (100 * cpu_s) / SECONDS, unit: '%' })
  return figures
}

/** Returns the commits per second of the bare server, or null if pgbench is not installed. */
function commitRate(binaries: string, host: string): number | null {
  const program = join(binaries, 'pgbench')
  if (!existsSync(program)) return null
  const common = ['-h', host, '-U', 'postgres', 'bench']
  const script = join(host, 'insert.sql')
  writeFileSync(script, 'INSERT INTO bare (n) VALUES (1);\n')
  spawnSync(join(binaries, 'psql'), [...common, '-c', 'CREATE TABLE bare (n int)'])
  const result = spawnSync(program, ['-n', '-f', script, '-c', '8', '-j', '2', '-T', '5', ...common], {
    encoding: 'utf8',
  })
  return Number(/tps = ([\d.]+)/.exec(result.stdout)?.[1] ?? Number.NaN)
}

/** Runs a program of `programs/`, and returns the figures in its last line. `begun` is called when it is ready. */
export async function run(program: string, args: readonly string[], begun?: () => Promise<void>): Promise<Numbers> {
  const child = spawn(process.execPath, [CLI, 'run', join(PROGRAMS, program), ...args])
  let stdout = ''
  let stderr = ''
  let begin: Promise<void> | undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (stdout.startsWith('ready')) begin ??= begun?.()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve))
  await begin
  if (exitCode !== 0) throw new Error(`${program} ended with ${exitCode}: ${stderr.slice(-2_000)}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Numbers
}

async function arrivals(url: string): Promise<Numbers> {
  await using runner = await Runner.open({ database: url })
  return await run('arrivals.py', [url, String(ASKED)], async () => {
    for (let asked = 0; asked < ASKED; asked++) {
      await runner.workflows.submit('asked', { at: Date.now() })
      await sleep(20)
    }
  })
}
