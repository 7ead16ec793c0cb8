"""Tasks that need processes or compiled libraries, which Pyodide lacks or handles differently."""

import concurrent.futures
import multiprocessing
import os
import subprocess
import sys

import cloaca


def squared(number):
    return number * number, os.getpid()


def add_squares(context, results):
    context.set("total", sum(square for square, _ in results))
    context.set("isElsewhere", os.getpid() not in {pid for _, pid in results})


with cloaca.WorkflowBuilder("native"):

    @cloaca.task()
    def pool(context):
        """Uses each start method of multiprocessing."""
        for method in multiprocessing.get_all_start_methods():
            with multiprocessing.get_context(method).Pool(2) as workers:
                add_squares(context, workers.map(squared, range(10)))
            context.set(method, [context.get("total"), context.get("isElsewhere")])
        return context

    @cloaca.task()
    def executor(context):
        with concurrent.futures.ProcessPoolExecutor(2) as workers:
            add_squares(context, list(workers.map(squared, range(10))))
        return context

    @cloaca.task()
    def pipeline(context):
        text = "".join(f"line {number}\n" for number in range(200_000))
        command = [sys.executable, "-c", "import sys; print(len(sys.stdin.read()))"]
        ran = subprocess.run(command, input=text, text=True, capture_output=True, check=True)
        context.set("isWhole", int(ran.stdout) == len(text))
        return context

    @cloaca.task()
    def frames(context):
        import numpy
        import pandas

        hours = pandas.DataFrame({"who": ["ada", "bob", "ada"], "hours": numpy.array([1.5, 2.0, 3.0])})
        context.set("hours", hours.groupby("who")["hours"].sum().to_dict())
        context.set("singular", numpy.linalg.svd(numpy.eye(300) * 2, compute_uv=False).max().item())
        return context

    @cloaca.task()
    def rows(context):
        import psycopg2

        with psycopg2.connect(os.environ["TEST_SERVER_URL"]) as connection, connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMPORARY TABLE orders AS SELECT n, n * 2 AS twice FROM generate_series(1, 1000) AS n"
            )
            cursor.execute("SELECT sum(twice) FROM orders WHERE n %% %s = 0", (10,))
            context.set("sum", int(cursor.fetchone()[0]))
        return context


@cloaca.trigger("native", poll_interval="1h")
def query_hangs():
    """Waits in the C code of the driver, which continues to wait after a signal."""
    import psycopg2

    with psycopg2.connect(os.environ["TEST_SERVER_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(600)")
