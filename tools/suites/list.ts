/** Packages whose own tests are run, with what these need. */

export interface Suite {
  /** On the index; its sdist has the tests. */
  readonly name: string
  /** From the sdist's folder. */
  readonly tests: readonly string[]
  /** What the tests import, beside pytest and the package itself; each is left out on a side that cannot install it. */
  readonly needs: readonly string[]
  readonly options: readonly string[]
  /** The tests ask a server of httpbin, which needs native code. */
  readonly usesHttpbin: boolean
}

const suite = (
  name: string,
  tests: readonly string[],
  needs: readonly string[] = [],
  options: readonly string[] = [],
  usesHttpbin = false,
) => ({
  name,
  tests,
  needs,
  options,
  usesHttpbin,
})

/** Left out by name are tests that need the internet, or measure speed. */
export const SUITES: readonly Suite[] = [
  suite('click', ['tests']),
  suite('jinja2', ['tests'], ['trio']),
  suite('requests', ['tests'], ['pytest-mock', 'PySocks'], ['-m', 'not requires_network'], true),
  suite('httpx', ['tests'], ['uvicorn', 'chardet', 'trio', 'h2', 'socksio', 'click', 'rich', 'pygments', 'anyio<4.10']),
  suite('anyio', ['tests'], ['pytest-mock', 'pytest-timeout', 'hypothesis', 'trio', 'truststore', 'blockbuster']),
  suite(
    'pydantic',
    ['tests'],
    [
      'dirty-equals',
      'pytz',
      'faker',
      'pytest-mock',
      'pytest-benchmark',
      'jsonschema',
      'packaging',
      'cloudpickle',
      'email-validator',
      'pytest-run-parallel',
      'inline-snapshot',
      'pytest-examples',
    ],
    ['--ignore=tests/benchmarks', '--ignore=tests/test_docs.py', '--ignore=tests/mypy', '--benchmark-disable'],
  ),
  suite('python-dateutil', ['tests'], ['freezegun', 'hypothesis', 'attrs'], ['--ignore=tests/property']),
  suite('arrow', ['tests'], ['pytz', 'simplejson', 'dateparser', 'pytest-mock'], ['-o', 'addopts=']),
  suite(
    'croniter',
    ['src/croniter/tests'],
    ['pytz', 'tzlocal', 'python-dateutil'],
    ['--ignore=src/croniter/tests/test_croniter_speed.py'],
  ),
  suite('python-dotenv', ['tests'], ['sh', 'click', 'ipython']),
  suite('schedule', ['test_schedule.py'], ['pytz']),
  suite(
    'apscheduler',
    ['tests'],
    ['pytest-asyncio', 'pytz', 'anyio', 'tornado', 'sqlalchemy', 'tzlocal'],
    ['-o', 'addopts='],
  ),
  suite('paho-mqtt', ['tests'], [], ['-o', 'addopts=']),
]
