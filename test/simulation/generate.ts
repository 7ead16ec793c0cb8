/** Generation of a random program from a seed. */

import { drawAlerts } from './generate-alerts.ts'
import { drawLimits } from './generate-limits.ts'
import {
  drawCrons,
  drawGraphs,
  drawMachines,
  drawProcesses,
  drawTriggers,
  drawWorkflows,
  withRows,
} from './generate-parts.ts'
import { DURATION_MS, drawBackfills, drawFaults, drawRequests } from './generate-steps.ts'
import { drawChildren, drawWaits } from './generate-waits.ts'
import { drawKeyed } from './keyed-requests.ts'
import type { Program, StoreKind } from './program.ts'
import { SeededRandom } from './random.ts'
import { drawStall } from './stalls.ts'

export function generate(seed: number, store: StoreKind): Program {
  const random = new SeededRandom(`program ${seed}`)
  const focus = random.pick(['steering', 'steering', 'triggers', 'graphs', 'mixed'] as const)
  const workflows = drawWorkflows(random)
  const machines = drawMachines(random)
  const processes = drawProcesses(random, machines.length)
  const triggers = drawTriggers(random, workflows, focus)
  const crons = focus === 'steering' || focus === 'graphs' ? [] : drawCrons(random, workflows)
  const { sources, reactors, subscriptions } = drawGraphs(random, workflows, focus)
  // Rows, stalls, keys, alerts, backfills, waits, children and limits have their own random numbers, so that the rest
  // of the programs did not change.
  const rows = withRows(new SeededRandom(`rows ${seed}`), triggers)
  const parts = { workflows, machines, processes, triggers: rows, crons, sources, reactors, subscriptions }
  const requests = drawRequests(random, parts, focus)
  const faults = random.chance(0.15) ? [] : drawFaults(random, parts, store, requests)
  const stalls = new SeededRandom(`stall ${seed}`)
  const stall = stalls.chance(0.1) ? drawStall(stalls, parts, requests) : []
  const keys = new SeededRandom(`keys ${seed}`)
  const keyed = keys.chance(0.2) ? drawKeyed(keys, parts) : []
  const backfills = drawBackfills(new SeededRandom(`backfills ${seed}`), parts)
  const given = { store, hasFaults: faults.length > 0 }
  const waits = drawWaits(new SeededRandom(`waits ${seed}`), parts, given)
  const children = drawChildren(new SeededRandom(`children ${seed}`), parts, given)
  const limited = drawLimits(new SeededRandom(`limits ${seed}`), parts, given)
  const added = [...waits.steps, ...children.steps, ...limited.steps]
  const steps = [...requests, ...faults, ...stall, ...keyed, ...backfills, ...added]
  return {
    seed,
    store,
    ...parts,
    workflows: [...workflows, ...waits.workflows, ...children.workflows, ...limited.workflows],
    limits: limited.limits,
    triggers: [...rows, ...limited.triggers],
    crons: [...crons, ...limited.crons],
    alerts: drawAlerts(new SeededRandom(`alerts ${seed}`), parts),
    steps: steps.sort((one, other) => one.at - other.at),
    hasSlowTasks: focus === 'steering' || random.chance(0.3),
    answerWithinMs: random.chance(0.5) ? 0 : random.pick([3, 30, 300]),
    retentionMs: random.chance(0.15) ? random.pick([5_000, 20_000]) : null,
    durationMs: DURATION_MS,
  }
}
