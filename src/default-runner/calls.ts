/**
 * What a script may ask of a runner that it opened: one entry per method of the Python `DefaultRunner`, with the text
 * that the API documents before a failure's cause. Used by `script-runners.ts`; decides nothing, asks the engine.
 */

import * as v from 'valibot'
import { PythonRefusal } from '../host/script-call.ts'
import { formatInstant, formatInstantOrNull, parseInstant } from '../model/time/instant.ts'
import { cronDict, cronFiringDict, cronStatsDict, firingDict, triggerDict } from './dicts.ts'
import { GRAPH_CALLS } from './graph-calls.ts'
import { call, PYTHON, type RunnerCall } from './runner-call.ts'

const name = { name: v.string() }
const schedule = { id: v.string() }
/** Python's ints are larger than what databases count with, and mean "all" here. */
const count = v.pipe(v.number(), v.toMaxValue(Number.MAX_SAFE_INTEGER))
const page = { limit: count, offset: count }
const pageOfEnabled = { enabledOnly: v.boolean(), ...page }

export const RUNNER_CALLS: Readonly<Record<string, RunnerCall>> = {
  'runner.execute': call(
    'Workflow execution failed: ',
    { workflow: v.string() },
    async (engine, { workflow }, { contextText, slot }) => {
      const execution = await engine.execute(workflow, contextText, slot === null ? {} : { callerSlot: slot })
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

  // -- triggers

  'runner.listTriggers': call('Failed to list trigger schedules: ', pageOfEnabled, async (engine, query) => ({
    value: (await engine.triggers.list(query)).map(triggerDict),
  })),
  'runner.getTrigger': call('Failed to get trigger schedule: ', name, async (engine, { name }) => {
    const row = await engine.triggers.get(name)
    return { value: row === null ? null : triggerDict(row) }
  }),
  'runner.setTriggerEnabled': call(
    'Failed to update trigger: ',
    { name: v.string(), enabled: v.boolean() },
    async (engine, { name, enabled }) => {
      await engine.triggerSteering.setEnabled(name, enabled, PYTHON)
      return { value: null }
    },
  ),
  'runner.triggerHistory': call(
    'Failed to get trigger execution history: ',
    { name: v.string(), ...page },
    async (engine, { name, ...page }) => ({ value: (await engine.triggers.history(name, page)).map(firingDict) }),
  ),

  // -- cron schedules

  'runner.registerCron': call(
    'Failed to register cron workflow: ',
    { workflow: v.string(), expression: v.string(), timezone: v.string() },
    async (engine, { workflow, expression, timezone }) => ({
      value: await engine.scheduleSteering.register(workflow, { expression, timezone }, PYTHON),
    }),
  ),
  'runner.registerInstance': call(
    'Failed to register workflow instance: ',
    { workflow: v.string(), instance: v.string(), expression: v.string(), timezone: v.string() },
    async (engine, { workflow, instance, expression, timezone }, { contextText }) => ({
      value: await engine.crons.registerInstance(workflow, instance, { expression, timezone }, contextText),
    }),
  ),
  'runner.listCrons': call('Failed to list cron schedules: ', pageOfEnabled, async (engine, query) => ({
    value: (await engine.crons.listScheduled(query)).map(cronDict),
  })),
  'runner.getCron': call('Failed to get cron schedule: ', schedule, async (engine, { id }) => {
    return { value: cronDict(await engine.crons.get(id)) }
  }),
  'runner.updateCron': call(
    'Failed to update cron schedule: ',
    { id: v.string(), expression: v.string(), timezone: v.string() },
    async (engine, { id, expression, timezone }) => {
      await engine.scheduleSteering.update(id, { expression, timezone }, PYTHON)
      return { value: null }
    },
  ),
  'runner.setCronEnabled': call(
    'Failed to update cron schedule: ',
    { id: v.string(), enabled: v.boolean() },
    async (engine, { id, enabled }) => {
      await engine.scheduleSteering.setEnabled(id, enabled, PYTHON)
      return { value: null }
    },
  ),
  'runner.deleteCron': call('Failed to delete cron schedule: ', schedule, async (engine, { id }) => {
    await engine.scheduleSteering.delete(id, PYTHON)
    return { value: null }
  }),
  'runner.cronHistory': call(
    'Failed to get cron execution history: ',
    { id: v.string(), ...page },
    async (engine, { id, ...page }) => ({
      value: (await engine.crons.history(id, page)).map(cronFiringDict),
    }),
  ),
  'runner.cronStats': call('Failed to get cron execution stats: ', { since: v.string() }, async (engine, { since }) => {
    const sinceAt = parseInstant(since)
    if (sinceAt === null) {
      // The one failure that is documented without a prefix.
      throw new PythonRefusal(
        'ValueError',
        `Invalid datetime format: '${since}' is not an RFC 3339 timestamp with an offset, such as ` +
          '2030-01-02T03:04:05+00:00',
      )
    }
    return { value: cronStatsDict(await engine.crons.stats(sinceAt)) }
  }),
  ...GRAPH_CALLS,
}
