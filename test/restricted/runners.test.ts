/** Isolation of runners: a restricted script cannot use a runner that a script of another interpreter opened. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { Runner } from '../../src/index.ts'

/** Script that opens a runner when it is loaded. A later task checks that the runner still works. */
const OWNER = `
import cloaca

with cloaca.WorkflowBuilder("private"):

    @cloaca.task()
    def pay(context):
        context["paid"] = True
        return context

runner = cloaca.DefaultRunner("sqlite://DATABASE")

with cloaca.WorkflowBuilder("owner"):

    @cloaca.task()
    def use(context):
        context["status"] = runner.execute("private", cloaca.Context({})).status
        return context
`

/** Script that calls the engine as cloaca does, with the number of each runner and of each loaded script. */
const ATTACKER = `
import json
import cloaca

bridge = cloaca.TaskHandle.__repr__.__globals__["bridge"]
METHODS = {
    "runner.execute": {"workflow": "private", "key": None, "priority": None},
    "runner.listTriggers": {"enabledOnly": False, "limit": 10, "offset": 0},
    "runner.registerCron": {"workflow": "private", "expression": "* * * * *", "timezone": "UTC"},
    "runner.shutdown": {},
}

with cloaca.WorkflowBuilder("attacker"):

    @cloaca.task()
    def attack(context):
        generation = bridge.stacks.current().generation
        own = generation.number
        came = {}
        for number in range(6):
            for runner in range(1, 4):
                for method, payload in METHODS.items():
                    generation.number = number
                    try:
                        answer = bridge.call_with_context(method, {"runner": runner, **payload}, "{}")
                    except Exception as error:
                        answer = type(error).__name__
                    finally:
                        generation.number = own
                    text = answer if isinstance(answer, str) else json.dumps(answer)
                    came[f"{method} of {runner} as {number}"] = text
        declared = {"triggers": [], "workflows": [], "graphs": None}
        for number in range(6):
            if number != own:
                bridge.host.engine.declare(number, json.dumps(declared))
        context["came"] = came
        return context
`

it.skipIf(restrictionProblem() !== null)(
  'a restricted script cannot use the runner of another script',
  { tags: ['proof'] },
  async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-runners-')))
    const written = (path: string, text: string) => {
      mkdirSync(join(folder, path, '..'), { recursive: true })
      writeFileSync(join(folder, path), text)
      return join(folder, path)
    }
    const owner = written('free/owner.py', OWNER.replace('DATABASE', join(folder, 'private.db')))
    const attacker = written('held/attacker.py', ATTACKER)
    await using runner = await Runner.open({ database: ':memory:', restrictFor: { [join(folder, 'held')]: {} } })
    try {
      await runner.load(owner)
      await runner.load(attacker)

      const { context, tasks } = await runner.execute('attacker', {})
      const used = await runner.execute('owner', {})

      expect(tasks.map(({ error }) => error)).toEqual([null])
      const came = Object.entries(context.came as Record<string, string>)
      const silent = '[null, ""]'
      expect(came).toHaveLength(6 * 3 * 4)
      expect(
        came.filter(
          ([call, answer]) =>
            !['ValueError', 'PermissionError'].includes(answer) &&
            !(call.startsWith('runner.shutdown') && answer === silent),
        ),
      ).toEqual([])
      expect(used.context.status).toBe('Completed')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
