/** Packages whose own test suites are run, with the requirements of these suites. */

export interface Suite {
  /** Name of the package on the index. Its sdist contains the tests. */
  readonly name: string
  /** Paths of the tests in the folder of the sdist. */
  readonly tests: readonly string[]
  /** Packages that the tests import besides pytest. A package that one side cannot install is missing on that side. */
  readonly needs: readonly string[]
  readonly options: readonly string[]
  /** Whether the tests need a server of httpbin, which needs native code. */
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

/** Test suites to run. Their options exclude tests that need the internet or measure speed. */
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
