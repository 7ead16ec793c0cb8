/** Methods of the Python `DefaultRunner`, with the documented start of their error messages. Used by `runners.ts`. */

import * as v from 'valibot'
import { PythonRefusal } from '../host/script-call.ts'
import { keyArgument } from '../model/arguments.ts'
import { formatInstant, formatInstantOrNull, parseInstant } from '../model/time/instant.ts'
import { cronDict, cronFiringDict, cronStatsDict, firingDict, triggerDict } from './dicts.ts'
import { GRAPH_CALLS } from './graph-calls.ts'
import { PYTHON_ACTION, type RunnerCall, runnerCall } from './runner-call.ts'
import { WAIT_CALLS } from './wait-calls.ts'

const name = { name: v.string() }
const schedule = { id: v.string() }
/** Python's ints may exceed the numbers of databases, and mean "all" here. */
const count = v.pipe(v.number(), v.toMaxValue(Number.MAX_SAFE_INTEGER))
const page = { limit: count, offset: count }
const pageOfEnabled = { enabledOnly: v.boolean(), ...page }

export const RUNNER_CALLS: Readonly<Record<string, RunnerCall>> = {
  'runner.execute': runnerCall(
    'Workflow execution failed: ',
    { workflow: v.string(), key: v.nullable(v.string()), priority: v.nullable(v.number()) },
    async (engine, { workflow, key, priority }, { contextText, slot }) => {
      const execution = await engine.execute(workflow, contextText, {
        ...(key !== null && { key: keyArgument(key) }),
        ...(priority !== null && { priority }),
        ...(slot !== null && { callerSlot: slot }),
      })
      return {
        value: {
          execution_id: execution.id,
          status: execution.status,
          start_time: formatInstant(execution.startedAt ?? execution.createdAt),
          end_time: formatInstantOrNull(execution.endedAt),
          error_message: execution.errorMessage,
        },
        contextText: execution.finalText ?? execution.inputText,
      }
    },
  ),

  'runner.listTriggers': runnerCall('Failed to list trigger schedules: ', pageOfEnabled, async (engine, query) => ({
    value: (await engine.services.triggers.list(query)).map(triggerDict),
  })),
  'runner.getTrigger': runnerCall('Failed to get trigger schedule: ', name, async (engine, { name }) => {
    const row = await engine.services.triggers.find(name)
    return { value: row === null ? null : triggerDict(row) }
  }),
  'runner.setTriggerEnabled': runnerCall(
    'Failed to update trigger: ',
    { name: v.string(), enabled: v.boolean() },
    async (engine, { name, enabled }) => {
      await engine.services.triggers.setPolledEnabled(name, enabled, PYTHON_ACTION)
      return { value: null }
    },
  ),
  'runner.triggerHistory': runnerCall(
    'Failed to get trigger execution history: ',
    { name: v.string(), ...page },
    async (engine, { name, ...page }) => {
      const { triggers } = engine.services
      if ((await triggers.find(name)) === null) return { value: [] }
      return { value: (await triggers.history(name, page)).map(firingDict) }
    },
  ),

  'runner.registerCron': runnerCall(
    'Failed to register cron workflow: ',
    { workflow: v.string(), expression: v.string(), timezone: v.string() },
    async (engine, { workflow, expression, timezone }) => ({
      value: await engine.services.schedules.register(workflow, expression, timezone, PYTHON_ACTION),
    }),
  ),
  'runner.registerInstance': runnerCall(
    'Failed to register workflow instance: ',
    { workflow: v.string(), instance: v.string(), expression: v.string(), timezone: v.string() },
    async (engine, { workflow, instance, expression, timezone }, { contextText }) => ({
      value: await engine.services.schedules.registerInstance(
        workflow,
        instance,
        { expression, timezone },
        contextText,
      ),
    }),
  ),
  'runner.listCrons': runnerCall('Failed to list cron schedules: ', pageOfEnabled, async (engine, query) => ({
    value: (await engine.services.schedules.listScheduled(query)).map(cronDict),
  })),
  'runner.getCron': runnerCall('Failed to get cron schedule: ', schedule, async (engine, { id }) => {
    return { value: cronDict(await engine.services.schedules.get(id)) }
  }),
  'runner.updateCron': runnerCall(
    'Failed to update cron schedule: ',
    { id: v.string(), expression: v.string(), timezone: v.string() },
    async (engine, { id, expression, timezone }) => {
      await engine.services.schedules.update(id, expression, timezone, PYTHON_ACTION)
      return { value: null }
    },
  ),
  'runner.setCronEnabled': runnerCall(
    'Failed to update cron schedule: ',
    { id: v.string(), enabled: v.boolean() },
    async (engine, { id, enabled }) => {
      await engine.services.schedules.setEnabled(id, enabled, PYTHON_ACTION)
      return { value: null }
    },
  ),
  'runner.deleteCron': runnerCall('Failed to delete cron schedule: ', schedule, async (engine, { id }) => {
    await engine.services.schedules.delete(id, PYTHON_ACTION)
    return { value: null }
  }),
  'runner.cronHistory': runnerCall(
    'Failed to get cron execution history: ',
    { id: v.string(), ...page },
    async (engine, { id, ...page }) => ({
      value: (await engine.services.schedules.history(id, page)).map(cronFiringDict),
    }),
  ),
  'runner.cronStats': runnerCall(
    'Failed to get cron execution stats: ',
    { since: v.string() },
    async (engine, { since }) => {
      const sinceAt = parseInstant(since)
      if (sinceAt === null) {
        // The only failure that is documented without a prefix.
        throw new PythonRefusal(
          'ValueError',
          `Invalid datetime format: '${since}' is not an RFC 3339 timestamp with an offset, such as ` +
            '2030-01-02T03:04:05+00:00',
        )
      }
      return { value: cronStatsDict(await engine.services.schedules.stats(sinceAt)) }
    },
  ),
  ...GRAPH_CALLS,
  ...WAIT_CALLS,
}
