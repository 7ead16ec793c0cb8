import type { Mutant } from './mutant.ts'

export const mutant: Mutant = {
  file: 'src/store/steps/incidents/incident-steps.ts',
  find: '  for (const { key, report } of missed) if (yield* judgeOnce(session, key, report.at)) reports.push(report)\n',
  replace: '  for (const { key, report } of missed) yield* judgeOnce(session, key, report.at), reports.push(report)\n',
  breaks: 'A deadline is judged once: an engine that takes an execution over judges its deadlines again.',
}
