#!/usr/bin/env node
import { startProgram } from '../program.ts'
const path = process.argv[3]
const p = await startProgram({kind:'file', path, argv: process.argv.slice(3)}, (l) => console.error(l.level, l.message, l.traceback ?? ''))
process.on('SIGINT',()=>p.signal(2))
process.exit(await p.exitCode)
