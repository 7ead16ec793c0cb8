/** Which files SQL names, as far as SQLite would open them. */

import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { filesNamedIn } from '../../src/interpreter/restriction/sql-files.ts'

const text = (path: string) => ({ kind: 'text', text: path })
const parameter = (at: number | string) => ({ kind: 'parameter', at })

describe('the files of a statement', () => {
  it.each([
    ["ATTACH '/a' AS x", text('/a')],
    ["attach database '/it''s' as x", text("/it's")],
    [";; /* ; */ -- ATTACH\n ATTACH/**/'/a'AS x", text('/a')],
    ['ATTACH "/a" AS x', text('/a')],
    ['ATTACH `/a` AS x', text('/a')],
    ['ATTACH [/a] AS x', text('/a')],
    ['ATTACH plain AS x', text('plain')],
    ["\ufeffATTACH \ufeff'/a' AS x", text('/a')],
    ['ATTACH ? AS x', parameter(0)],
    ['ATTACH ?3 AS x', parameter(2)],
    ['ATTACH :file AS x', parameter('file')],
    ['ATTACH @file AS x', parameter('file')],
    ['ATTACH $file AS x', parameter('file')],
    ["EXPLAIN QUERY PLAN ATTACH '/a' AS x", text('/a')],
    ["SELECT ';'; SELECT \"'\"; ATTACH '/a' AS x", text('/a')],
    ["CREATE TRIGGER t AFTER INSERT ON y BEGIN SELECT 1; END; ATTACH '/a' AS x", text('/a')],
  ])('are those that ATTACH opens: %j', (sql, file) => {
    expect(filesNamedIn(sql)).toEqual({ attached: [file], written: [], unclear: [] })
  })

  it.each([
    ["VACUUM INTO '/a'", text('/a')],
    ["vacuum main into '/a';", text('/a')],
    ['VACUUM INTO ?', parameter(0)],
  ])('are those that VACUUM writes: %j', (sql, file) => {
    expect(filesNamedIn(sql)).toEqual({ attached: [], written: [file], unclear: [] })
  })

  it.each([
    "ATTACH ('/a') AS x",
    "ATTACH '/a' || '/b' AS x",
    "ATTACH (SELECT '/a') AS x",
    "ATTACH x'2f61' AS x",
    'ATTACH 5 AS x',
    'ATTACH char(47, 97) AS x',
    "ATTACH '/a",
    "ATTACH '/a\0' AS x",
    "VACUUM INTO '/a' || '/b'",
    "PRAGMA temp_store_directory = '/a'",
    "PRAGMA main.TEMP_STORE_DIRECTORY('/a')",
  ])('cannot be told: %j', (sql) => {
    expect(filesNamedIn(sql).unclear).toHaveLength(1)
  })

  it.each([
    'SELECT attach FROM t',
    "INSERT INTO t VALUES ('ATTACH ''/a'' AS x')",
    'VACUUM',
    'VACUUM main',
    '-- ATTACH',
    '/* ATTACH',
    'PRAGMA temp_store = 2',
    "SELECT 1 AS [; ATTACH '/a' AS x]",
  ])('are none: %j', (sql) => {
    expect(filesNamedIn(sql)).toEqual({ attached: [], written: [], unclear: [] })
  })

  it('are told for whatever SQLite takes for ATTACH: it opens no other', () => {
    const forms = [
      "'%'",
      '"%"',
      '`%`',
      '[%]',
      "('%')",
      "'%' || ''",
      "x'$'",
      "+'%'",
      "CAST('%' AS TEXT)",
      "iif(1, '%', 0)",
    ]
    const between = [
      'ATTACH ',
      'attach/**/',
      'ATTACH\n',
      'ATTACH\tDATABASE--\n',
      '\f;ATTACH ',
      'ATTACH\u00a0',
      '\ufeffATTACH ',
    ]
    const opened: string[] = []

    for (const [index, form] of forms.entries()) {
      for (const [place, before] of between.entries()) {
        const name = `file:none-${index}-${place}?mode=memory`
        const sql = `${before + form.replace('%', name).replace('$', Buffer.from(name).toString('hex'))} AS x`
        const { attached, unclear } = filesNamedIn(sql)
        if (attached.length + unclear.length === 0 && attaches(sql)) opened.push(sql)
      }
    }

    expect(opened).toEqual([])
  })
})

/** Whether SQLite understands it so: the folder that it would be in is not there. */
function attaches(sql: string): boolean {
  const database = new Database(':memory:')
  try {
    database.prepare(sql)
    return true
  } catch {
    return false
  } finally {
    database.close()
  }
}
